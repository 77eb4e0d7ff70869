"""Centring and padding tried out on one cutout."""
