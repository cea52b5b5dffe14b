"""Pages run: each snippet on its machine, its output compared, evidence written."""
