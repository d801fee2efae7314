"""One page, one file, named after the question it answers."""
