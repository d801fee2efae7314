"""One run as a file of its own."""
