"""Whether a data set is still what was written."""
