"""How a language is rendered, in a process of its own; and the site that is rendered again after each edit, whole or page by page."""
