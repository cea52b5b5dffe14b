"""Charts of what runs have measured: data/charts.yml says what is drawn, the evidence has the numbers."""
