"""The ``curvewise`` command."""

from importlib import metadata


def version() -> str | None:
    """Of what is installed; None where it is run from its sources."""
    try:
        return metadata.version("curvewise")
    except metadata.PackageNotFoundError:
        return None
