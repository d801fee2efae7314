"""The ``curvewise`` command."""
