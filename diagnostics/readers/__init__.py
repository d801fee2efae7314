"""One log format, one file: a module with ``claims(path) -> bool`` (cheap) and ``read(path) -> list[Run]``."""

import importlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, cast

from collector import schema
from diagnostics.readers.errors import ReadError
from diagnostics.run import Run

__all__ = ["READERS", "ReadError", "read", "read_all", "sources"]

READERS = ("run_folder", "table")  # module names; the first that claims a path reads it
LAST_RESORT = "table"  # reads a file that nobody claims, or says best why it cannot be read


class Reader(Protocol):
    """What a reader module offers."""

    def claims(self, path: Path) -> bool:
        """Whether ``path`` looks like this reader's log; reads at most the beginning of the file."""

    def read(self, path: Path) -> list[Run]:
        """The runs of the log.

        Raises:
            ReadError: the log is not understood; says where and the way out.
        """


def read(path: Path | str) -> list[Run]:
    """The runs in one run folder or log file.

    Raises:
        ReadError: there is nothing at ``path``, or no reader understands it.
    """
    path = Path(path)
    if not path.exists():
        raise ReadError(path, "there is no such file or folder; check the path")
    reader = next((r for r in _readers() if r.claims(path)), None)
    if reader is None and path.is_dir():
        raise ReadError(path, "not a run folder (it holds neither run.json nor scalars/); name a folder that does")
    return (reader or _reader(LAST_RESORT)).read(path)


def read_all(paths: Iterable[Path | str]) -> tuple[list[Run], list[ReadError]]:
    """Every run below ``paths`` in order, and an error for each input that could not be read; never raises."""
    runs: list[Run] = []
    errors: list[ReadError] = []
    for path in paths:
        try:
            found = sources(path)
        except (ReadError, OSError) as error:
            errors.append(_as_read_error(path, error))
            continue
        for source in found:
            try:
                runs += read(source)
            except Exception as error:  # one broken input must not hide the others
                errors.append(_as_read_error(source, error))
    return runs, errors


def sources(path: Path | str) -> list[Path]:
    """The inputs below ``path``, sorted: itself when it is a run folder or a file, else every run and log under it.

    Run folders, hidden folders and ``__pycache__`` are not descended into.

    Raises:
        ReadError: there is nothing at ``path``, or no run and no log below it.
    """
    path = Path(path)
    if not path.exists():
        raise ReadError(path, "there is no such file or folder; check the path")
    if path.is_file() or schema.is_run(path):
        return [path]
    found = sorted(_below(path))
    if not found:
        raise ReadError(path, "no run and no log below this folder; name one that holds run folders, .csv or .parquet")
    return found


def _below(top: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(top):
        folder = Path(root)
        runs = {name for name in folders if schema.is_run(folder / name)}
        folders[:] = [f for f in folders if f not in runs and not f.startswith(".") and f != "__pycache__"]
        yield from (folder / name for name in runs if not name.startswith("."))
        yield from (folder / name for name in files if not name.startswith(".") and _claimed(folder / name))


def _claimed(path: Path) -> bool:
    try:
        return any(reader.claims(path) for reader in _readers())
    except OSError:
        return True  # listed, so that reading it says why it cannot be opened


def _readers() -> list[Reader]:
    return [_reader(name) for name in READERS]


def _reader(name: str) -> Reader:
    return cast(Reader, importlib.import_module(f"{__name__}.{name}"))


def _as_read_error(source: Path | str, error: Exception) -> ReadError:
    if isinstance(error, ReadError):
        return error
    if isinstance(error, OSError):
        return ReadError(source, f"cannot be opened ({error.strerror or error}); check that it is yours to read")
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return ReadError(source, f"the reader failed ({what}); please report it with the file's first lines")
