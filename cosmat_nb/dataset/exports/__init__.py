"""An export at work: rows to units, files, a journal, the end."""
