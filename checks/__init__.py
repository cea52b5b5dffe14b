"""Executable checks for documentation: every snippet of a page is run where the page says it runs."""
