"""What a page may not have: unseen characters, blocks that swallow others, HTML and drawings with code in them."""
