"""The part ``check``: data sets and kinds of network that are in neither of the first two."""
