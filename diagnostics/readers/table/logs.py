"""From the columns of a table to logs: rows by run, quantities as columns or as tag and value."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa

from collector.schema import EPOCH, STEP, WALL_TIME
from diagnostics.curve import Floats, Ints, Numbers
from diagnostics.readers.formats.columns import Column
from diagnostics.readers.log import Log, Series
from diagnostics.readers.understanding import names

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

    def dense(self, role: str) -> Numbers | None:
        """The numbers of a role [length], NaN where absent; None when no column of numbers plays it."""
        column = self.columns.get(self.role.get(role, ""))
        return None if column is None else column.full(self.length)


@dataclass(frozen=True)
class _Rows:
    """Of every row: ``run`` [n] (code), ``number`` [n] within the run, ``step``, ``epoch``, ``time`` [n] or None."""

    run: Ints
    number: Ints | range
    step: Numbers
    epoch: Numbers | None
    time: Floats | None


def logs_of(table: Table) -> list[Log]:
    """The logs of a table, one a run, in the order in which they first appear."""
    run, labels = _runs(table)
    time, elapsed = _wall_time(table)
    step, epoch = table.dense(STEP), table.dense(EPOCH)
    rows = _Rows(run, _numbered(run, len(labels)), np.full(table.length, np.nan) if step is None else step, epoch, time)
    found = _long(table) if names.TAG in table.role else _wide(table, keep_time=elapsed)
    series = _split(found.values(), rows, len(labels))
    epochs = _epochs(table, rows, len(labels))
    notes = tuple(dict.fromkeys(table.notes))
    return [Log(label, table.source, tuple(series[i]), epochs[i], notes=notes) for i, label in enumerate(labels)]


def _runs(table: Table) -> tuple[Ints, list[str]]:
    """Code of the run of every row, and the runs' names."""
    text = table.text.get(names.RUN)
    if text is None or text.null_count == len(text):
        return np.zeros(table.length, dtype=np.int64), [table.name]
    encoded = text.combine_chunks().dictionary_encode(null_encoding="encode")
    labels = [table.name if label is None else str(label) for label in encoded.dictionary.to_pylist()]
    return encoded.indices.to_numpy().astype(np.int64), labels


def _numbered(run: Ints, runs: int) -> Ints | range:
    """The number of every row among the rows of its run, from 0."""
    if runs == 1:
        return range(len(run))
    return np.asarray(pd.Series(run).groupby(run).cumcount(), dtype=np.int64)


def _wall_time(table: Table) -> tuple[Floats | None, bool]:
    """Seconds since 1970 of every row, or None; and whether the time column is a quantity of its own."""
    time = table.dense(WALL_TIME)
    if time is None or not np.isfinite(time).any():
        return None, False
    typical = float(np.median(time[np.isfinite(time)]))
    if typical < ELAPSED:
        return None, True
    return time / (1000 if typical > MILLISECONDS else 1), False


def _wide(table: Table, keep_time: bool) -> dict[str, Column]:
    index = {name for role, name in table.role.items() if not (role == WALL_TIME and keep_time)}
    return {name: column for name, column in table.columns.items() if name not in index}


def _long(table: Table) -> dict[str, Column]:
    """A column a tag, of the table's value column."""
    value = table.columns.get(table.role[names.VALUE])
    if value is None:
        return {}
    text = table.text[names.TAG]
    encoded = (text if isinstance(value.where, slice) else text.take(value.where)).dictionary_encode()
    found = encoded.unify_dictionaries().combine_chunks()
    codes, tags = found.indices.fill_null(-1).to_numpy(), found.dictionary.to_pylist()
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(-1, len(tags)), side="right")  # rows without a tag come first
    groups = [order[a:b] for a, b in pairwise(ends)]
    rows = np.arange(table.length)[value.where]
    return {str(t): Column(str(t), rows[g], value.values[g]) for t, g in zip(tags, groups, strict=True)}


def _epochs(table: Table, rows: _Rows, runs: int) -> list[Series | None]:
    """The epoch column of every run over its steps, where there are any."""
    column = table.columns.get(table.role.get(EPOCH, ""))
    found: list[Series | None] = [None] * runs
    for i, series in _by_run(Column(EPOCH, column.rows, column.values), rows, runs) if column else ():
        found[i] = series
    return found


def _split(columns: Iterable[Column], rows: _Rows, runs: int) -> list[list[Series]]:
    """The series of every run."""
    series: list[list[Series]] = [[] for _ in range(runs)]
    for column in columns:
        for i, one in _by_run(column, rows, runs):
            series[i].append(one)
    return series


def _by_run(column: Column, rows: _Rows, runs: int) -> Iterator[tuple[int, Series]]:
    if runs == 1:
        if len(column.rows):
            yield 0, _series(column.name, column.values, column.rows, rows)
        return
    at, values = np.arange(rows.run.size)[column.where], column.values
    run = rows.run[at]
    if (np.diff(run) < 0).any():
        order = np.argsort(run, kind="stable")
        at, values, run = at[order], values[order], run[order]
    ends = np.searchsorted(run, np.arange(runs + 1))
    for i, (a, b) in enumerate(pairwise(ends)):
        if b > a:
            yield i, _series(column.name, values[a:b], at[a:b], rows)


def _series(name: str, values: Numbers, at: Ints | range, rows: _Rows) -> Series:
    values = values.astype(np.float64, copy=False)
    if isinstance(at, range) or (at.size == rows.run.size and (at[:-1] < at[1:]).all()):  # every row: no copy
        return Series(name, values, rows.step, rows.epoch, rows.time, rows.number)
    epoch = None if rows.epoch is None else rows.epoch[at]
    time = None if rows.time is None else rows.time[at]
    number = at if isinstance(rows.number, range) else rows.number[at]
    return Series(name, values, rows.step[at], epoch, time, number)
