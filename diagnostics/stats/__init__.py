"""Shared, pure measurements of curves: noise-aware and scale-free, one concept a file."""
