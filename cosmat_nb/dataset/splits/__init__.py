"""Rows dealt out to the parts of a split, and what leaks between them."""
