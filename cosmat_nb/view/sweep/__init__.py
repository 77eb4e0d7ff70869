"""Option sets side by side."""
