"""Data sets handed to the libraries that train on them."""
