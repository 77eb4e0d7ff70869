"""The commands of ``cosmat``, one a file."""
