"""What ``./guide build --all`` adds to the built site, for readers to take along: scripts, Markdown, a zip, a PDF a language."""
