"""MLflow's SQLite store, ``mlflow.db``, told by its tables: the default of newer versions.

Read are the metrics, the parameters as config, the run's name and how it ended; deleted runs and experiments are read and
called so. The database is only looked at, also while MLflow writes to it. NaN is a mark of its own there, Inf the largest
float64. Traces, registered and logged models are not read. The store of files: ``mlflow.files``.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from diagnostics.curve import Floats, Ints
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats.sqlite_file import Row, Tables, holds, opened, rows, tables
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Series
from diagnostics.readers.mlflow.runs import DELETED, NAME_TAG, MlflowRun, name_of, status, with_metrics
from diagnostics.readers.rows import boundless, number

WANTED = {
    "runs": {"run_uuid", "status"},
    "metrics": {"key", "value", "timestamp", "run_uuid"},
    "experiments": {"experiment_id"},
}

Key = tuple[object, object]  # a run and a metric


def claims(path: Path) -> bool:
    """Whether ``path`` is a SQLite database with MLflow's tables."""
    return holds(path, _is_mlflow)


def read(path: Path, limits: Limits) -> list[Log]:
    """The runs, oldest first; those without a metric are left out where others have some.

    Raises:
        ReadError: no run has a metric, or the database cannot be read.
    """
    notes: list[str] = []
    try:
        with opened(path, limits) as base:
            known = tables(base)
            runs = _runs(base, known, str(path), notes)
            series = _series(base, known, path, limits, notes)
    except sqlite3.Error as error:
        raise ReadError(
            path, f"damaged SQLite database ({error}); copy it again, or repair it with sqlite3's .recover"
        ) from error
    for run_id in series.keys() - runs.keys():
        runs[run_id] = MlflowRun(run_id, str(path))
    for run in runs.values():
        run.notes += notes
    return with_metrics(path, [run.log(series.get(run_id, ())) for run_id, run in runs.items()])


def _is_mlflow(known: Tables) -> bool:
    return all(columns <= set(known.get(table, ())) for table, columns in WANTED.items())


def _runs(base: sqlite3.Connection, known: Tables, source: str, notes: list[str]) -> dict[str, MlflowRun]:
    """The runs by id, oldest first."""
    tags = [row for row in _all(base, known, "tags", ("run_uuid", "key", "value"), notes) if row[1] == NAME_TAG]
    names = {run_id: str(value) for run_id, _, value in tags}
    experiments = _all(base, known, "experiments", ("experiment_id", "lifecycle_stage"), notes)
    deleted = {experiment for experiment, stage in experiments if stage == DELETED}
    columns = ("run_uuid", "name", "status", "lifecycle_stage", "start_time", "experiment_id")
    found = {}
    for run_id, name, state, stage, began, experiment in _all(base, known, "runs", columns, notes):
        run = MlflowRun(str(run_id), source, name_of(name, {NAME_TAG: names.get(run_id, "")}), status(state))
        run.deleted = stage == DELETED or experiment in deleted
        run.began = number(began) or 0.0
        found[run.run_id] = run
    for run_id, key, value in _all(base, known, "params", ("run_uuid", "key", "value"), notes):
        if str(run_id) in found:
            found[str(run_id)].params[str(key)] = str(value)
    return dict(sorted(found.items(), key=lambda pair: pair[1].began))


def _all(
    base: sqlite3.Connection, known: Tables, table: str, columns: Sequence[str], notes: list[str]
) -> Iterator[Row]:
    """Every row of a table; empty without the table, None where a column is missing."""
    for batch in rows(base, table, _columns(known, table, columns), notes) if table in known else ():
        yield from (row[1:] for row in batch)


def _columns(known: Tables, table: str, columns: Sequence[str]) -> list[str]:
    return [column if column in known[table] else "NULL" for column in columns]


def _series(
    base: sqlite3.Connection, known: Tables, path: Path, limits: Limits, notes: list[str]
) -> dict[str, list[Series]]:
    """The metrics of each run, in the order in which they were first logged."""
    columns = _columns(known, "metrics", ("run_uuid", "key", "value", "timestamp", "step", "is_nan"))
    base.text_factory = bytes  # names are told apart as they are; only each one once is made text
    keys: dict[Key, int] = {}
    codes, numbers = [], []
    for batch in rows(base, "metrics", columns, notes):
        _, runs, names, *cells = zip(*batch, strict=True)
        pairs = zip(runs, names, strict=True)
        codes.append(np.array([keys.setdefault(pair, len(keys)) for pair in pairs], dtype=np.int64))
        numbers.append(np.array([_numbers(column) for column in cells]))
        limits.names(path, len({name for _, name in keys}) if len(keys) > limits.most_names else 0)
    if not codes:
        return {}
    return _by_run(list(keys), np.concatenate(codes), np.concatenate(numbers, axis=1))


def _by_run(keys: list[Key], codes: Ints, numbers: Floats) -> dict[str, list[Series]]:
    """Rows value, timestamp (ms), step and is_nan of ``numbers`` [4, n], told apart by ``codes`` [n], places in ``keys``."""
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(keys) + 1))
    value, time, step, is_nan = numbers[:, order]
    value = np.where(is_nan == 1, np.nan, boundless(value))
    found: dict[str, list[Series]] = {}
    for (run_id, name), (a, b) in zip(keys, pairwise(ends), strict=True):
        found.setdefault(_text(run_id), []).append(Series(_text(name), value[a:b], step[a:b], None, time[a:b] / 1000))
    return found


def _text(said: object) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _numbers(column: tuple[object, ...]) -> Floats:
    """float64 [n]; NaN for what is no number, as damage leaves it."""
    try:
        return np.array(column, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        return np.array([np.nan if (read := number(cell)) is None else read for cell in column])
