"""SwanLab's local mode, up to version 0.6: ``swanlog/`` with the database ``runs.swanlab`` and a folder of each run's points.

The database says which runs and quantities there are; the points lie in ``run-…/logs/<quantity>/1000.log``, one object a line
(``1000.json`` before version 0.3), of at most a thousand points a file. Pictures, texts and other media are counted. What
SwanLab records since then is ``swanlab.record``'s.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from collector.schema import CRASHED, FINISHED, RUNNING
from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import sqlite_file
from diagnostics.readers.formats.json_text import Lines
from diagnostics.readers.formats.yaml_settings import yaml_settings
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.rows import Rows, number

DATABASE = "runs.swanlab"
STATES = {0: RUNNING, 1: FINISHED, -1: CRASHED}
PLACE, POINTS = "index", "data"  # of a point: its step and its value


def claims(path: Path) -> bool:
    """Whether ``path`` is such a folder, or its database."""
    file = path / DATABASE if look.is_dir(path) else path
    return file.suffix == ".swanlab" and sqlite_file.holds(file, lambda tables: {"experiment", "tag"} <= tables.keys())


def read(path: Path, limits: Limits) -> list[Log]:
    """The runs of which points are there, in the order in which they began.

    Raises:
        ReadError: there are none, or the database cannot be read.
    """
    file = path / DATABASE if path.is_dir() else path
    notes: list[str] = []
    try:
        with sqlite_file.opened(file, limits) as base:
            known = sqlite_file.tables(base)
            folder = "folder" if "folder" in known["tag"] else "name"
            runs = _rows(base, "experiment", ["id", "run_id", "name", "status"], notes)
            tags = _rows(base, "tag", ["experiment_id", folder, "name"], notes)
    except (sqlite3.Error, KeyError) as error:
        raise ReadError(
            file, f"damaged SQLite database ({error}); copy it again, with the -wal file beside it"
        ) from error
    logs = []
    for _, run, place, name, status in runs:
        names = {str(within): str(tag) for _, of, within, tag in tags if of == run}
        state = STATES.get(status) if isinstance(status, int) else None
        logs.append(_log(file, str(place), str(name), state, names, limits))
    there = [log for log in logs if log.series]
    if not there:
        raise ReadError(
            file, "no points of its runs lie beside it; name the whole folder swanlog, with its run-… folders"
        )
    left = len(logs) - len(there)
    told = (*notes, *([f"{left} more runs of this folder have no points: left out"] if left else []))
    return [replace(log, notes=(*log.notes, *told)) for log in there]


def _rows(base: sqlite3.Connection, table: str, columns: list[str], notes: list[str]) -> list[sqlite_file.Row]:
    return [row for batch in sqlite_file.rows(base, table, columns, notes) for row in batch]


def _log(file: Path, place: str, name: str, state: str | None, names: dict[str, str], limits: Limits) -> Log:
    """One run; ``names`` of its quantities by folder."""
    folder, rows, notes, media = file.parent / Path(place).name, Rows(), list[str](), 0
    for within in look.folders(folder / "logs"):
        quantity = names.get(within.name, unquote(within.name))
        for point in _points(within, limits, notes):
            value = number(point.get(POINTS))
            media += value is None
            if value is not None:
                rows.add({quantity: value}, step=point.get(PLACE), wall_time=_seconds(point.get("create_time")))
        limits.names(file, rows.names)
    if media:
        notes.append(f"left out, as no curves: {media:,} pictures, texts and other media")
    config = yaml_settings(folder / "files" / "config.yaml", within="value")
    series = tuple(replace(s, order=None) for s in rows.series())  # each was read by itself
    return Log(name, str(folder), series, config=config, state=state, notes=tuple(notes))


def _points(folder: Path, limits: Limits, notes: list[str]) -> Iterator[dict[str, object]]:
    """The points of one quantity, file by file."""
    files = [f for f in look.files(folder) if f.stem.isdigit() and f.suffix in (".log", ".json")]
    for file in sorted(files, key=lambda f: int(f.stem)):
        lines = Lines(file, limits)
        for found in lines:
            points = found.get(POINTS)
            yield from ([p for p in points if isinstance(p, dict)] if isinstance(points, list) else [found])
        notes += [f"{folder.name}/{file.name}: {note}" for note in lines.notes]


def _seconds(said: object) -> float | None:
    try:
        return datetime.fromisoformat(said).timestamp() if isinstance(said, str) else None
    except (ValueError, OverflowError):
        return None
