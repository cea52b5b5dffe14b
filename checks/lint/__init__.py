"""Checks of pages that run nothing: shellcheck and ruff on the snippets, and the two languages compared."""
