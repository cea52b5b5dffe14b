"""The site: what MkDocs calls, badges and tables from the evidence, the build, the live server. Starts no machine."""
