"""The dashboard. It shows reports; it computes nothing about curves and never imports torch."""
