"""Crashes, replayed: what the console of a VM printed while a snippet made the kernel panic, in a player on the page."""
