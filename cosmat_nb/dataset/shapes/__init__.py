"""Masks as run lengths and polygons, both ways."""
