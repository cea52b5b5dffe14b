"""Measures what the machinery costs, beside other programs that do the same work in the same run."""
