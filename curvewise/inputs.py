"""Read what the user named, and say in one line a piece what could not be read."""

import sys
from collections.abc import Sequence
from pathlib import Path

from diagnostics import Run
from diagnostics.readers import Log, ReadError, logs_all, read_all


def read_logs(paths: Sequence[Path]) -> tuple[list[Log | Run], list[ReadError]]:
    """The logs below ``paths`` in their tools' words; errors go to stderr, a line each, and are returned."""
    logs, errors = logs_all(paths)
    return logs, _told(errors)


def read_paths(paths: Sequence[Path]) -> tuple[list[Run], list[ReadError]]:
    """The runs below ``paths``; errors go to stderr, a line each, and are returned."""
    runs, errors = read_all(paths)
    return runs, _told(errors)


def _told(errors: list[ReadError]) -> list[ReadError]:
    for error in errors:
        print(printable(f"curvewise: {error}"), file=sys.stderr)
    return errors


def printable(text: str) -> str:
    """``text`` from a log without control characters: a name must not steer the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
