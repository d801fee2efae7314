"""What reading a log costs: the logs that are read, and one reading in a process of its own."""
