"""What helps a reader beside the text of a page: where to go when a step failed, what ran, emphasis that Chinese can be read with."""
