"""Read what the user named, and say in one line a piece what could not be read."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from curvewise.streams import Named, as_files
from diagnostics import Run
from diagnostics.readers import Log, ReadError, each, logs_all
from diagnostics.readers.errors import printable


def read_logs(paths: Sequence[Path]) -> tuple[list[Log | Run], list[ReadError]]:
    """The logs below ``paths`` in their tools' words; errors go to stderr, a line each, and are returned."""
    try:
        with as_files(paths) as named:
            logs, errors = logs_all(named.paths)
    except ReadError as error:
        return [], _told([error])
    logs = [replace(log, source=named.said(log.source)) for log in logs]
    return logs, _told([_of(named, error) for error in errors])


def each_run(paths: Sequence[Path], errors: list[ReadError]) -> Iterator[Run]:
    """The runs below ``paths`` one at a time; what could not be read goes to stderr, a line each, and to ``errors``."""
    try:
        with as_files(paths) as named:
            for found in each(named.paths):
                if isinstance(found, ReadError):
                    errors += _told([_of(named, found)])
                else:
                    yield replace(found, source=named.said(found.source))
    except ReadError as error:
        errors += _told([error])


def _of(named: Named, error: ReadError) -> ReadError:
    return ReadError(named.said(str(error.source)), error.message)


def _told(errors: list[ReadError]) -> list[ReadError]:
    for error in errors:
        print(printable(f"curvewise: {error}"), file=sys.stderr)
    return errors
