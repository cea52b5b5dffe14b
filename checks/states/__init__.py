"""Machines saved at a point of a page, so that a later run goes on from there."""
