"""What can be said against pages without running them: shellcheck, ruff, and the two languages held side by side."""
