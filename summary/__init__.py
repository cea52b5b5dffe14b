"""A program for the guide's readers: what a dump tells without debug symbols."""
