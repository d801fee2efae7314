"""One log format, one file: a module with ``claims(path) -> bool`` (cheap) and ``read(path, limits) -> list[Log]``."""

import importlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

from diagnostics.readers import archive, delimited, pairs, refused, table
from diagnostics.readers.errors import ReadError
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.understand import understand
from diagnostics.run import Run

__all__ = ["READERS", "Limits", "Log", "ReadError", "logs", "logs_all", "read", "read_all", "sources", "understand"]

READERS = (
    "run_folder",
    "wandb_log",
    "swanlab",
    "wandb_chart",
    "mlflow_files",
    "mlflow_database",
    "trackio",
    "neptune",
    "clearml",
    "aim",
    "huggingface",
    "lightning",
    "ultralytics",
    "dvclive",
    "ray_tune",
    "algoperf",
    "skorch",
    "mmengine",
    "mmcv",
    "detectron2",
    "keras_history",
    "tensorboard",
    "plain_json",
    "text",
    "table",
)  # module names; the first that claims a path reads it
LAST_RESORTS = (
    "table",
    "text",
)  # read a file that nobody claims, or say best why it cannot be read: with columns, and without
HIDDEN_LOGS = (".aim",)  # folders of logs that a tool hides; others are not looked into


class Reader(Protocol):
    """What a reader module offers."""

    def claims(self, path: Path) -> bool:
        """Whether ``path``, a file or a folder, is this reader's log, told by content; reads at most the beginning.

        A folder is claimed when it is one unit: what lies in it is then read with it and not looked at again, unless the
        module says ``SHARES = True``: it reads its own files, and other logs may lie between them.
        """

    def read(self, path: Path, limits: Limits) -> list[Log] | list[Run]:
        """The logs at ``path``, one a run; runs of our own need no understanding.

        Raises:
            ReadError: the log is not understood; says where and the way out.
        """


def logs(path: Path | str, limits: Limits | None = None) -> list[Log | Run]:
    """What the log at ``path`` says, in the words of its tool; ``understand`` makes runs of it. Our own runs are runs already.

    Raises:
        ReadError: there is nothing at ``path``, or no reader understands it.
    """
    path, limits = Path(path), limits or Limits()
    if not path.exists():
        raise ReadError(path, "there is no such file or folder; check the path")
    reader = next((r for r in _readers() if r.claims(path)), None)
    if reader is None and path.is_dir():
        raise ReadError(path, "not a run folder (it holds neither run.json nor scalars/); name a folder that does")
    if reader is None:
        refused.check(path)
    return [*(reader or _last_resort(path)).read(path, limits)]


def read(path: Path | str, limits: Limits | None = None) -> list[Run]:
    """The runs in one run folder or log.

    Raises:
        ReadError: there is nothing at ``path``, or no reader understands it.
    """
    return [_run(log) for log in logs(path, limits)]


def read_all(paths: Iterable[Path | str], limits: Limits | None = None) -> tuple[list[Run], list[ReadError]]:
    """Every run below ``paths`` in order, and an error for each input that could not be read; never raises."""
    found, errors = logs_all(paths, limits)
    runs: list[Run] = []
    for log in found:
        try:
            runs.append(_run(log))
        except Exception as error:
            errors.append(_as_read_error(log.source, error))
    return runs, errors


def logs_all(paths: Iterable[Path | str], limits: Limits | None = None) -> tuple[list[Log | Run], list[ReadError]]:
    """Every log below ``paths`` in order, those in archives too, and an error for each input that could not be read."""
    limits = limits or Limits()
    found: list[Log | Run] = []
    errors: list[ReadError] = []
    for path in paths:
        try:
            inputs = sources(path)
        except (ReadError, OSError) as error:
            errors.append(_as_read_error(path, error))
            continue
        for source in inputs:
            try:
                if archive.claims(source):
                    inside, broken = _in_archive(source, limits)
                    found, errors = [*found, *inside], [*errors, *broken]
                else:
                    found += logs(source, limits)
            except Exception as error:  # one broken input must not hide the others
                errors.append(_as_read_error(source, error))
    return found, errors


def _in_archive(path: Path, limits: Limits) -> tuple[list[Log | Run], list[ReadError]]:
    """The logs in an archive, named as if it were a folder; archives within it are left alone."""
    with archive.unpacked(path, limits) as inside:
        errors = [ReadError(path, told) for told in inside.left_out]
        members = [p for p in sorted(_below(inside.folder)) if not archive.claims(p)]
        if not members:
            errors.append(ReadError(path, "no run and no log in this archive; name one that holds some"))
        found, broken = logs_all(members, limits)

    def outside(source: str) -> str:
        return source.replace(str(inside.folder), str(path))

    errors += [ReadError(outside(e.source), e.message) for e in broken]
    return [replace(log, source=outside(log.source)) for log in found], errors


def _run(log: Log | Run) -> Run:
    return understand(log) if isinstance(log, Log) else log


def sources(path: Path | str) -> list[Path]:
    """The inputs below ``path``, sorted: itself when it is a log or a file, else every run and log under it.

    What a reader claims as a whole, hidden folders and ``__pycache__`` are not descended into.

    Raises:
        ReadError: there is nothing at ``path``, or no run and no log below it.
    """
    path = Path(path)
    if not path.exists():
        raise ReadError(path, "there is no such file or folder; check the path")
    if path.is_file() or _claimed(path):
        return [path, *sorted(_between(path))]
    found = sorted(_below(path))
    if not found:
        raise ReadError(path, "no run and no log below this folder; name one that holds run folders, .csv or .parquet")
    return found


def _below(top: Path, but: Reader | None = None) -> Iterator[Path]:
    """Every input below ``top`` that a reader other than ``but`` claims."""
    for root, folders, files in os.walk(top):
        folder = Path(root)
        folders[:] = [n for n in folders if n in HIDDEN_LOGS or (not n.startswith(".") and n != "__pycache__")]
        units = {name for name in folders if _claimed(folder / name, but)}
        folders[:] = [name for name in folders if name not in units]
        for name in units:
            yield folder / name
            yield from _between(folder / name)
        yield from (folder / name for name in files if not name.startswith(".") and _claimed(folder / name, but))


def _between(path: Path) -> Iterator[Path]:
    """The other logs in a folder of which its reader reads its own files only."""
    try:
        reader = next((r for r in _readers() if path.is_dir() and r.claims(path)), None)
    except OSError:
        return  # reading it says why it cannot be opened
    if getattr(reader, "SHARES", False):
        yield from _below(path, but=reader)


def _claimed(path: Path, but: Reader | None = None) -> bool:
    try:
        return archive.claims(path) or any(reader.claims(path) for reader in _readers() if reader is not but)
    except OSError:
        return True  # listed, so that reading it says why it cannot be opened


def _last_resort(path: Path) -> Reader:
    columns, lines = LAST_RESORTS
    is_table = path.suffix.lower() in (*table.TEXT, *table.PARQUET) or pairs.is_known(delimited.header(path))
    return _reader(columns if is_table else lines)


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
