"""Read what the user named, and say in one line a piece what could not be read."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from diagnostics import Run
from diagnostics.readers import Log, ReadError, each, logs_all


def read_logs(paths: Sequence[Path]) -> tuple[list[Log | Run], list[ReadError]]:
    """The logs below ``paths`` in their tools' words; errors go to stderr, a line each, and are returned."""
    logs, errors = logs_all(paths)
    return logs, _told(errors)


def each_run(paths: Sequence[Path], errors: list[ReadError]) -> Iterator[Run]:
    """The runs below ``paths`` one at a time; what could not be read goes to stderr, a line each, and to ``errors``."""
    for found in each(paths):
        if isinstance(found, ReadError):
            errors += _told([found])
        else:
            yield found


def _told(errors: list[ReadError]) -> list[ReadError]:
    for error in errors:
        print(printable(f"curvewise: {error}"), file=sys.stderr)
    return errors


def printable(text: str) -> str:
    """``text`` from a log without control characters: a name must not steer the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
