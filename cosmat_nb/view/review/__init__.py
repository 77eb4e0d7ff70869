"""Verdicts on cutouts, taken by keys and kept."""
