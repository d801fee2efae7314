"""From the columns of a table to runs: rows sorted by run and step, quantities under their tags."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from collector.schema import EPOCH, STEP, TRAIN_ACCURACY, VAL_ACCURACY, WALL_TIME
from diagnostics.curve import Curve, Floats, Ints
from diagnostics.readers import names
from diagnostics.readers.columns import Column
from diagnostics.readers.errors import ReadError
from diagnostics.run import Run

Bools = NDArray[np.bool_]

PER_CENT = 1.01  # an accuracy above this counts to 100: a fraction reaches 1, and rounding a little more
MOST = 100.5  # per cent, with rounding; an "accuracy" above is none
ELAPSED = 1e8  # s; a time below lies before March 1973, so it counts from the start of the run
MILLISECONDS = 1e11  # a time above lies after the year 5000 in seconds


@dataclass(frozen=True)
class Table:
    """What was read of one file: ``columns`` by name, which column plays which ``role``, and the ``text`` of run and tag."""

    source: str
    name: str
    length: int
    columns: Mapping[str, Column]
    role: Mapping[str, str]
    text: Mapping[str, pa.ChunkedArray]
    notes: list[str]

    def dense(self, role: str) -> Floats | None:
        """The numbers of a role, float64 [length], NaN where absent; None when no column of numbers plays it."""
        column = self.columns.get(self.role.get(role, ""))
        if column is None:
            return None
        full = np.full(self.length, np.nan)
        full[column.rows] = column.values
        return full


@dataclass(frozen=True)
class _Rows:
    """Every row's place: ``run`` [n] (code), ``step`` [n], ``time`` [n] s, ``rank`` [n] (order by run, then step)."""

    run: Ints
    step: Ints
    time: Floats
    rank: Ints
    usable: Bools
    backwards: Bools  # bool [runs]: the steps of the run go back somewhere


def runs_of(table: Table) -> list[Run]:
    """The runs of a table, in the order in which they first appear.

    Raises:
        ReadError: no column holds a number.
    """
    run, labels = _runs(table)
    rows, own_time = _rows(table, run, len(labels))
    quantities = _quantities(table, keep_time=own_time)
    if not quantities:
        raise ReadError(Path(table.source), "no column holds a number to plot; name a log with losses or accuracies")
    curves, superseded, epochs = _split(table, quantities, rows, len(labels))
    notes = tuple(dict.fromkeys(table.notes))
    return [
        Run(
            label, curves[i], epochs[i], table.source,
            resumed_at=_resumed(superseded[i]), superseded=superseded[i], notes=notes,
        )
        for i, label in enumerate(labels)
    ]  # fmt: skip


def _runs(table: Table) -> tuple[Ints, list[str]]:
    """Code of the run of every row, and the runs' names."""
    text = table.text.get(names.RUN)
    if text is None or text.null_count == len(text):
        return np.zeros(table.length, dtype=np.int64), [table.name]
    encoded = text.combine_chunks().dictionary_encode(null_encoding="encode")
    labels = [table.name if label is None else str(label) for label in encoded.dictionary.to_pylist()]
    return encoded.indices.to_numpy().astype(np.int64), labels


def _rows(table: Table, run: Ints, runs: int) -> tuple[_Rows, bool]:
    step, usable = _steps(table, run)
    order = np.lexsort((step, run))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    by_run = np.argsort(run, kind="stable")
    by_run = by_run[usable[by_run]]
    back = (np.diff(step[by_run]) < 0) & (np.diff(run[by_run]) == 0)
    backwards = np.bincount(run[by_run][1:][back], minlength=runs) > 0
    if backwards.any():
        table.notes.append("rows out of order: sorted by step; where a step was logged again the later row counts")
    time, own = _wall_time(table)
    return _Rows(run, step, time, rank, usable, backwards), own


def _steps(table: Table, run: Ints) -> tuple[Ints, Bools]:
    """Step of every row, and whether the row has one: from the step column, else the epoch, else the row's number."""
    everywhere = np.ones(table.length, dtype=bool)
    logged, epoch = table.dense(STEP), table.dense(EPOCH)
    if logged is not None and _whole(logged):
        usable: Bools = np.isfinite(logged)
        if not usable.all():
            table.notes.append(f"rows without a step: {int((~usable).sum())} left out")
        return np.asarray(np.where(usable, logged, 0.0), dtype=np.int64), usable
    if epoch is not None and _whole(epoch) and np.isfinite(epoch).all() and _once_a_run(epoch, run):
        table.notes.append("no step column of whole numbers: epochs stand for steps")
        return epoch.astype(np.int64), everywhere
    table.notes.append("no step column of whole numbers: row numbers, from 0, stand for steps")
    rows: Ints = np.asarray(pd.Series(run).groupby(run).cumcount(), dtype=np.int64)
    return rows, everywhere


def _whole(values: Floats) -> bool:
    there = values[np.isfinite(values)]
    return bool(there.size and (np.abs(there) < 2**53).all() and (there == np.floor(there)).all())


def _once_a_run(epoch: Floats, run: Ints) -> bool:
    return not pd.DataFrame({"epoch": epoch, "run": run}).duplicated().any()


def _wall_time(table: Table) -> tuple[Floats, bool]:
    """Seconds since 1970 of every row, NaN where unknown; and whether the time column is a quantity of its own."""
    time = table.dense(WALL_TIME)
    unknown = np.full(table.length, np.nan)
    if time is None or not np.isfinite(time).any():
        return unknown, False
    typical = float(np.median(time[np.isfinite(time)]))
    if typical < ELAPSED:
        return unknown, True
    return time / (1000 if typical > MILLISECONDS else 1), False


def _quantities(table: Table, keep_time: bool) -> list[Column]:
    """The columns to draw, under their tags, accuracies as fractions; notes what each was taken for."""
    found = _long(table) if names.TAG in table.role else _wide(table, keep_time)
    taken: dict[str, str] = {}
    for tag, columns in names.candidates(list(found)).items():
        taken[max(columns, key=lambda name: len(found[name].rows))] = tag
    read = {name: _read_as(name, column, taken) for name, column in found.items() if len(column.rows)}
    told = [f"{name} as {column.name}{how}" for name, (column, how) in read.items() if column.name != name]
    table.notes.extend([f"read {'; '.join(told)}"] if told else [])
    return [column for column, _ in read.values()]


def _read_as(name: str, column: Column, taken: Mapping[str, str]) -> tuple[Column, str]:
    """The column under its tag, and a remark on how its values were read."""
    tag = taken.get(name, names.own_tag(name))
    if name not in taken and tag in taken.values():
        tag = f"{name} (2)"
    if tag in (TRAIN_ACCURACY, VAL_ACCURACY):
        return _as_fraction(tag, name, column)
    return Column(tag, column.rows, column.values), ""


def _wide(table: Table, keep_time: bool) -> dict[str, Column]:
    index = {name for role, name in table.role.items() if not (role == WALL_TIME and keep_time)}
    return {name: column for name, column in table.columns.items() if name not in index}


def _long(table: Table) -> dict[str, Column]:
    """A column a tag, of the table's value column."""
    value = table.columns.get(table.role[names.VALUE])
    if value is None:
        return {}
    codes, tags = pd.factorize(table.text[names.TAG].to_pandas().iloc[value.rows])
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(-1, len(tags)), side="right")  # rows without a tag come first
    groups = [order[a:b] for a, b in pairwise(ends)]
    return {str(t): Column(str(t), value.rows[g], value.values[g]) for t, g in zip(tags, groups, strict=True)}


def _as_fraction(tag: str, name: str, column: Column) -> tuple[Column, str]:
    finite = column.values[np.isfinite(column.values)]
    most, least = (finite.max(), finite.min()) if finite.size else (0.0, 0.0)
    if most > MOST or least < 0:
        return Column(f"{name} (no accuracy)", column.rows, column.values), f": it goes from {least:g} to {most:g}"
    values, how = (column.values / 100, ", in per cent") if most > PER_CENT else (column.values, "")
    if names.is_error_rate(name):
        return Column(tag, column.rows, 1 - values), f", as one minus the error{how}"
    return Column(tag, column.rows, values), how


def _split(
    table: Table, quantities: list[Column], rows: _Rows, runs: int
) -> tuple[list[dict[str, Curve]], list[dict[str, Curve]], list[Curve | None]]:
    """Curves, superseded curves and epochs of every run."""
    curves: list[dict[str, Curve]] = [{} for _ in range(runs)]
    superseded: list[dict[str, Curve]] = [{} for _ in range(runs)]
    epochs: list[Curve | None] = [None] * runs
    for column in quantities:
        for i, curve in _by_run(column, rows, runs):
            last = np.append(np.diff(curve.steps) > 0, True) | ~rows.backwards[i]
            curves[i][column.name] = curve.where(last)
            if not last.all():
                superseded[i][column.name] = curve.where(~last)
    epoch = table.columns.get(table.role.get(EPOCH, ""))
    for i, curve in _by_run(Column(EPOCH, epoch.rows, epoch.values), rows, runs) if epoch else ():
        epochs[i] = curve.where(np.append(np.diff(curve.steps) > 0, True))
    return curves, superseded, epochs


def _by_run(column: Column, rows: _Rows, runs: int) -> Iterator[tuple[int, Curve]]:
    keep = rows.usable[column.rows]
    at, values = column.rows[keep], column.values[keep]
    rank = rows.rank[at]
    if (np.diff(rank) < 0).any():
        order = np.argsort(rank)
        at, values = at[order], values[order]
    ends = np.searchsorted(rows.run[at], np.arange(runs + 1))
    for i, (a, b) in enumerate(pairwise(ends)):
        if b > a:
            yield i, Curve(column.name, rows.step[at[a:b]], values[a:b], rows.time[at[a:b]])


def _resumed(superseded: Mapping[str, Curve]) -> tuple[int, ...]:
    """The first step that was logged again; nothing when none was."""
    return (min(int(c.steps[0]) for c in superseded.values()),) if superseded else ()
