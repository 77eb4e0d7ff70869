"""Numbers from alpha mattes: columns of one matte, errors between two."""
