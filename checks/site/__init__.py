"""The site: what MkDocs calls, badges and tables from the evidence, the build, the local server. Nothing here starts a machine."""
