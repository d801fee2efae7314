"""Trackio's SQLite database, ``<project>.db``, told by its tables, also while Trackio writes to it (with its ``-wal``).

Read are the metrics, the system metrics (which have times, and no steps) and the configs of every run. Alerts, traces and
artifacts are not read; pictures, tables and texts among the metrics are no curves: they are counted. Whether a run ended is
not in the database.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats.sqlite_file import Row, Tables, holds, opened, rows, tables
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.rows import DEEPEST, Rows, number

METRICS = {"timestamp", "run_name", "step", "metrics"}
SYSTEM = "system_metrics"
TYPED = "_type"  # of a value that is a picture, a table …
MOST_TOLD = 3  # damaged rows of a run, told one by one


@dataclass
class _Found:
    """What the database says of a run."""

    name: str
    rows: Rows = field(default_factory=Rows)
    config: dict[str, Any] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    damaged: int = 0

    def log(self, source: Path) -> Log:
        kinds = ", ".join(f"{n:,} × {kind}" for kind, n in sorted(self.left_out.items()))
        notes = [*self.notes, *([f"left out, as no curves: {kinds}"] if kinds else [])]
        return Log(self.name, str(source), self.rows.series(), config=self.config, notes=tuple(notes))

    def take(self, at: str, said: object, step: object, time: object) -> None:
        """The metrics of one row of the database, which are JSON."""
        values = _json(said)
        if values is None:
            self.damaged += 1
            self.notes += [f"{at}: no JSON object, left out"] if self.damaged <= MOST_TOLD else []
            return
        kept = dict(self._numbers("", values, 0))
        if kept:
            self.rows.add(kept, step=step, wall_time=_seconds(time))

    def _numbers(self, within: str, values: dict[str, Any], depth: int) -> Iterator[tuple[str, object]]:
        """The numbers among ``values``, nested ones under joined names; what is none is counted."""
        for name, value in values.items():
            if isinstance(value, dict) and TYPED not in value and depth < DEEPEST:
                yield from self._numbers(f"{within}{name}/", value, depth + 1)
            elif number(value) is not None:
                yield within + name, value
            elif value is not None:
                self.left_out[_kind(value)] += 1


def claims(path: Path) -> bool:
    """Whether ``path`` is a SQLite database with Trackio's tables."""
    return holds(path, _is_trackio)


def read(path: Path, limits: Limits) -> list[Log]:
    """The runs, in the order in which they began to log.

    Raises:
        ReadError: no run logged anything, or the database cannot be read.
    """
    notes: list[str] = []
    runs: dict[object, _Found] = {}
    try:
        with opened(path, limits) as base:
            known = tables(base)
            for n, run, name, time, step, said in _rows(base, known, "metrics", "step", "metrics", notes):
                runs.setdefault(run, _Found(str(name))).take(f"row {n} of metrics", said, step, time)
                limits.names(path, runs[run].rows.names)
            for n, run, name, time, _, said in _rows(base, known, SYSTEM, "NULL", "metrics", notes):
                runs.setdefault(run, _Found(str(name))).take(f"row {n} of {SYSTEM}", said, None, time)
            for _, run, _, _, _, said in _rows(base, known, "configs", "NULL", "config", notes):
                if run in runs:
                    runs[run].config = {k: v for k, v in (_json(said) or {}).items() if not k.startswith("_")}
    except sqlite3.Error as error:
        raise ReadError(
            path, f"damaged SQLite database ({error}); copy it again, with the -wal file beside it"
        ) from error
    for found in runs.values():
        found.notes += notes
    logs = [found.log(path) for found in runs.values()]
    if not any(log.series for log in logs):
        raise ReadError(path, "; ".join(["a project of Trackio in which nothing was logged", *_first(logs)]))
    return [log for log in logs if log.series]


def _first(logs: list[Log]) -> tuple[str, ...]:
    return logs[0].notes if logs else ()


def _is_trackio(known: Tables) -> bool:
    return set(known.get("metrics", ())) >= METRICS


def _rows(base: sqlite3.Connection, known: Tables, table: str, step: str, said: str, notes: list[str]) -> Iterator[Row]:
    """Number, run, its name, time, ``step`` and ``said`` of every row; nothing where there is no such table."""
    have = known.get(table, [])
    if "run_name" not in have or said not in have:
        return
    run = "run_id" if "run_id" in have else "run_name"
    time = "timestamp" if "timestamp" in have else "NULL"
    for batch in rows(base, table, (run, "run_name", time, step, said), notes):
        yield from batch


def _json(said: object) -> dict[str, Any] | None:
    if not isinstance(said, str | bytes):  # newer versions write bytes
        return None
    try:
        values = json.loads(said)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _seconds(time: object) -> float | None:
    """Seconds since 1970 of an ISO time."""
    try:
        return datetime.fromisoformat(str(time)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get(TYPED, "nested value"))[:40]
    return "text" if isinstance(value, str) else "truth value" if isinstance(value, bool) else "list"
