"""What a data set says of itself, to people and to machines."""
