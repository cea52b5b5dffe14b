"""pytest collects each snippet as a test."""
