"""The machinery of a guide whose every snippet is run. It knows nothing of what the guide is about."""
