"""What the machinery costs, measured beside peers in the same run."""
