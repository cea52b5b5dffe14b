"""Files of a checkout, which may come from a stranger: what may lie in its folders, and reading and writing without following links."""
