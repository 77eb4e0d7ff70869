"""Cutouts of a frame, sorted, filtered, selected."""
