"""The commands of ./guide that are more than one call."""
