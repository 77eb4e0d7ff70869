"""Figures for notebooks and print."""
