"""From a log to a run: what its names mean, and where its points lie."""
