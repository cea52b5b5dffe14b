"""What a target is made of, and how it is built: from the distribution's packages, by one recipe."""
