"""Past logs that were dropped in: read once, kept in the session, forgotten with the tab."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from app.row import Case
from diagnostics import readers
from diagnostics.engine import diagnose
from diagnostics.readers.limits import Show
from diagnostics.readers.log import Log, Meaning
from diagnostics.run import Run

PASTED = "pasted.txt"
SECONDS = 120.0  # a reading may take; who waits longer has a command line


class Dropped(Protocol):
    """A file as the browser sent it."""

    name: str

    def getbuffer(self) -> memoryview:
        """Its bytes."""


@dataclass(frozen=True)
class Reading:
    """What the dropped files held, and one line for each part that could not be read."""

    logs: tuple[Log | Run, ...]
    errors: tuple[str, ...]


def read(files: Sequence[Dropped], show: Show) -> Reading:
    """Read all ``files`` together, so that those that belong to one log find each other; ``show`` is told the share done."""
    with tempfile.TemporaryDirectory(prefix="curvewise-") as folder:
        home = Path(folder)
        paths = [_written(home, file) for file in files]
        found, errors = readers.logs_all(_inputs(home, paths), readers.Limits(seconds=SECONDS, show=show))
        names = [(log, log.source.removeprefix(f"{home}/")) for log in found]
        told = tuple(f"{e.source.removeprefix(f'{home}/')}: {e.message}" for e in errors)
    return Reading(tuple(replace(log, source=source) for log, source in names), told)


def case(log: Log | Run, meanings: dict[str, Meaning] | None = None) -> Case:
    """The run that ``log`` tells of, and the report on it; ``meanings`` override what its series were taken for.

    Raises:
        ReadError: the log holds no number.
    """
    run = readers.understand(log, meanings) if isinstance(log, Log) else log
    return Case(run, diagnose(run))


def _written(home: Path, file: Dropped) -> Path:
    """Below ``home`` whatever the name says; a folder that was dropped keeps its shape."""
    parts = [p for p in PurePosixPath(file.name.replace("\\", "/")).parts if p not in ("/", "..", ".")]
    path = home.joinpath(*(parts or ["log"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getbuffer())
    return path


def _inputs(home: Path, paths: Sequence[Path]) -> list[Path]:
    """The logs among what was dropped; a file that was dropped by itself and is no log too, so that it is said why."""
    try:
        found = readers.sources(home)
    except readers.ReadError:
        found = []
    alone = [p for p in paths if p.parent == home and not any(p == s or s in p.parents for s in found)]
    return sorted([*found, *alone])
