"""File formats that several tools share, read around damage."""
