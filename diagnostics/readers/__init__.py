"""One log format, one file: a module with ``claims(path) -> bool`` (cheap) and ``read(path, limits) -> list[Log]``."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from diagnostics.readers import archive, look, refused
from diagnostics.readers.errors import ReadError
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.registry import READERS, claimant, last_resort
from diagnostics.readers.understanding.understand import understand
from diagnostics.readers.walk import Input, below, inputs
from diagnostics.run import Run

NO_LOG = "no run and no log in this archive; name one that holds some"

__all__ = [
    "READERS",
    "Limits",
    "Log",
    "ReadError",
    "each",
    "logs",
    "logs_all",
    "read",
    "read_all",
    "sources",
    "understand",
]


def logs(path: Path | str, limits: Limits | None = None) -> list[Log | Run]:
    """What the log at ``path`` says, in the words of its tool; ``understand`` makes runs of it. Our own runs are runs already.

    Raises:
        ReadError: there is nothing at ``path``, or no reader understands it.
    """
    path = Path(path)
    if not path.exists():
        raise ReadError(path, "there is no such file or folder; check the path")
    with look.once(path):
        reader = claimant(path)
    if reader is None and path.is_dir():
        raise ReadError(path, "not a run folder (it holds neither run.json nor scalars/); name a folder that does")
    if reader is None:
        refused.check(path)
    return [*(reader or last_resort(path)).read(path, limits or Limits())]


def read(path: Path | str, limits: Limits | None = None) -> list[Run]:
    """The runs in one run folder or log.

    Raises:
        ReadError: there is nothing at ``path``, or no reader understands it.
    """
    return [_run(log) for log in logs(path, limits)]


def each(paths: Iterable[Path | str], limits: Limits | None = None) -> Iterator[Run | ReadError]:
    """Every run below ``paths`` in order, or why an input could not be read, one at a time: a folder may hold more than memory does."""
    for log in _each_log(paths, limits or Limits()):
        try:
            yield log if isinstance(log, ReadError) else _run(log)
        except Exception as error:
            yield _as_read_error(log.source, error)


def read_all(paths: Iterable[Path | str], limits: Limits | None = None) -> tuple[list[Run], list[ReadError]]:
    """Every run below ``paths`` in order, and an error for each input that could not be read; never raises."""
    found = [*each(paths, limits)]
    return [run for run in found if isinstance(run, Run)], [error for error in found if isinstance(error, ReadError)]


def logs_all(paths: Iterable[Path | str], limits: Limits | None = None) -> tuple[list[Log | Run], list[ReadError]]:
    """Every log below ``paths`` in order, those in archives too, and an error for each input that could not be read."""
    found = [*_each_log(paths, limits or Limits())]
    errors = [error for error in found if isinstance(error, ReadError)]
    return [log for log in found if not isinstance(log, ReadError)], errors


def _each_log(paths: Iterable[Path | str], limits: Limits) -> Iterator[Log | Run | ReadError]:
    for path in map(Path, paths):
        try:
            below = inputs(path)
        except (ReadError, OSError) as error:
            yield _as_read_error(path, error)
            continue
        for one in below:
            try:
                inside, broken = _read(one, limits)
            except Exception as error:  # one broken input must not hide the others
                yield _as_read_error(one.path, error)
                continue
            yield from inside
            yield from broken if inside or one.path == path else _of_logs(broken)


def _read(one: Input, limits: Limits) -> tuple[list[Log | Run], list[ReadError]]:
    if one.is_archive:
        return _in_archive(one.path, limits)
    return [*one.reader.read(one.path, limits)] if one.reader else logs(one.path, limits), []


def _in_archive(path: Path, limits: Limits) -> tuple[list[Log | Run], list[ReadError]]:
    """The logs in an archive, named as if it were a folder; archives within it are left alone."""
    with archive.unpacked(path, limits) as inside:
        errors = [ReadError(path, told) for told in inside.left_out]
        members = [one.path for one in below(inside.folder) if not one.is_archive]
        if not members:
            errors.append(ReadError(path, NO_LOG))
        found, broken = logs_all(members, limits)

    def outside(source: str) -> str:
        return source.replace(str(inside.folder), str(path))

    errors += [ReadError(outside(e.source), e.message) for e in broken]
    return [replace(log, source=outside(log.source)) for log in found], errors


def _of_logs(errors: list[ReadError]) -> list[ReadError]:
    """Without those of an archive that holds none: it lies between logs, as models and data do."""
    return [] if any(error.message == NO_LOG for error in errors) else errors


def _run(log: Log | Run) -> Run:
    return understand(log) if isinstance(log, Log) else log


def sources(path: Path | str) -> list[Path]:
    """The paths of the ``inputs`` below ``path``.

    Raises:
        ReadError: there is nothing at ``path``, or no run and no log below it.
    """
    return [one.path for one in inputs(Path(path))]


def _as_read_error(source: Path | str, error: Exception) -> ReadError:
    if isinstance(error, ReadError):
        return error
    if isinstance(error, OSError):
        return ReadError(source, f"cannot be opened ({error.strerror or error}); check that it is yours to read")
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return ReadError(source, f"the reader failed ({what}); please report it with the file's first lines")
