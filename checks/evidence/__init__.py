"""What runs have proven: the files, the fingerprints that say of what, and whether that still holds."""
