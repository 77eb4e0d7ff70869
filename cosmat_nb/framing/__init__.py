"""A subject on a canvas of exact size."""
