"""Charts of Weights & Biases saved from the page as CSV: a column ``<run> - <metric>`` a curve, several runs in one file.

Beside each lie ``…__MIN`` and ``…__MAX``, the range of what one drawn point stands for: kept where they differ from it.
The page draws, and so saves, at most some thousand points a curve. What ``run.history()`` gives (``_step``, ``_timestamp``,
one column a metric) is a plain table, or plain JSON. The run's own record holds more: ``wandb.record``.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from collector.schema import EPOCH, STEP, WALL_TIME
from diagnostics.curve import Floats
from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import delimited
from diagnostics.readers.formats.columns import Column, numbers
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Series
from diagnostics.readers.table.logs import MILLISECONDS
from diagnostics.readers.understanding import names

TABLE_OF_RUNS = {
    "State",
    "Notes",
    "User",
    "Tags",
    "Created",
    "Runtime",
    "Sweep",
    "End Time",
    "Updated",
    "Hostname",
    "ID",
}
NO_CURVES = (
    "W&B's table of runs: one row a run with its last values, no curves; save the charts instead (each chart's menu, "
    "Export as CSV), or the run's record run-….wandb"
)
BETWEEN, LEAST, MOST = " - ", "__MIN", "__MAX"
AGAIN = re.compile(r"^(?P<name>.*?)(?P<range>__MIN|__MAX)? \((?P<n>\d+)\)$")  # of a second run with the same name
OWN_STEP, OWN_TIME, OWN_RUNTIME = "_step", "_timestamp", "_runtime"  # W&B's, which it adds to some charts


def claims(path: Path) -> bool:
    """Whether ``path`` is text with a column ``<run> - <metric>`` and its ``__MIN`` and ``__MAX``, or W&B's table of runs."""
    if not look.is_file(path):
        return False
    found = set(delimited.header(path))
    return _are_runs(found) or any(BETWEEN in n and n + LEAST in found and n + MOST in found for n in found)


def read(path: Path, limits: Limits) -> list[Log]:
    """The runs in the order of the columns.

    Raises:
        ReadError: the file holds no rows, or runs as rows, which are no curves.
    """
    limits.open(path)
    if _are_runs({*delimited.header(path)}):
        raise ReadError(path, NO_CURVES)
    text = delimited.read_text(path)
    limits.names(path, len(text.columns.column_names))
    x, *curves = text.columns.column_names
    axis = _axis(x, *numbers(x, text.columns[x], lambda row: f"line {text.line(row)}"), text.columns.num_rows)
    axis.notes += text.notes
    runs: dict[str, dict[str, Column]] = {}
    for name in curves:
        column, told = numbers(name, text.columns[name], lambda row: f"line {text.line(row)}")
        axis.notes += told
        run, metric = _split(name, curves)
        if column is not None and metric:
            runs.setdefault(run, {})[metric] = column
    return [_log(path, run, columns, axis) for run, columns in runs.items()]


def _are_runs(header: set[str]) -> bool:
    return "Name" in header and len(TABLE_OF_RUNS & header) > 2


@dataclass
class _Axis:
    """What the first column says of every row: ``steps``, ``epochs`` or ``times`` [rows], NaN where it does not."""

    steps: Floats
    epochs: Floats | None = None
    times: Floats | None = None
    notes: list[str] = field(default_factory=list)


def _axis(name: str, column: Column | None, notes: list[str], rows: int) -> _Axis:
    unknown = np.full(rows, np.nan)
    values = unknown if column is None else column.full(rows).astype(np.float64, copy=False)
    if names.plain(name) in names.INDEX[EPOCH]:
        return _Axis(unknown, epochs=values, notes=notes)
    if names.plain(name) in names.INDEX[WALL_TIME]:
        return _Axis(unknown, times=np.where(values > MILLISECONDS, values / 1000, values), notes=notes)
    if names.plain(name) in names.INDEX[STEP] or not names.plain(name).startswith("relative_time"):
        told = [] if names.plain(name) in names.INDEX[STEP] else [f"{name}, the chart's axis, stands for steps"]
        return _Axis(values, notes=[*notes, *told])
    return _Axis(unknown, notes=notes)


def _split(name: str, beside: list[str]) -> tuple[str, str]:
    """Run and metric of a column; a run's name may hold " - " itself."""
    again = AGAIN.match(name)
    if again and again["name"] in beside:  # the header was the same twice
        run, _, metric = again["name"].rpartition(BETWEEN)
        return f"{run} ({again['n']})", metric + (again["range"] or "")
    run, _, metric = name.rpartition(BETWEEN)
    return run, metric


def _log(path: Path, run: str, columns: dict[str, Column], axis: _Axis) -> Log:
    own = {
        name: columns[name].full(axis.steps.size).astype(np.float64, copy=False)
        for name in (OWN_STEP, OWN_TIME)
        if name in columns
    }
    steps = axis.steps if np.isfinite(axis.steps).any() else own.get(OWN_STEP, axis.steps)
    times = own.get(OWN_TIME, axis.times)
    series = []
    for metric, column in columns.items():
        plain = metric.removesuffix(LEAST).removesuffix(MOST)
        if plain in (OWN_STEP, OWN_TIME, OWN_RUNTIME) or (plain != metric and _same(column, columns.get(plain))):
            continue
        at = column.where
        epochs, time = (None if every is None else every[at] for every in (axis.epochs, times))
        values = column.values.astype(np.float64, copy=False)
        series.append(Series(metric, values, steps[at], epochs, time, column.rows))
    return Log(run, str(path), tuple(series), notes=tuple(dict.fromkeys(axis.notes)))


def _same(column: Column, other: Column | None) -> bool:
    return other is not None and np.array_equal(column.values, other.values, equal_nan=True)
