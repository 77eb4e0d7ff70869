"""Data sets: split, written in five formats, read back, verified."""
