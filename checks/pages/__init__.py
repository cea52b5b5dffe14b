"""Markdown files -> a Guide: pages, their snippets and outputs, or every problem with its line. Nothing is run."""
