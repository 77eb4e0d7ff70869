"""The formats that a data set is written in, one a file."""
