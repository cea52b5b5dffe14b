"""Machines that can be entered again: what was done to come there, what they take, and when they are thrown away."""
