"""Rows at the end that hold a counter and nothing else: pandas writes a NaN that never went away as empty cells."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from collector.schema import EPOCH, STEP, WALL_TIME
from diagnostics.readers.formats.columns import Column

LEAST = 3  # rows: fewer may be the end of a file that is being written
OFTEN = 0.9  # of the rows up to its last value: a column that is filled in each time


def with_nan(
    columns: Mapping[str, Column], role: Mapping[str, str], rows: int, place: Callable[[int], str]
) -> tuple[dict[str, Column], list[str]]:
    """``columns`` with NaN in the last of the ``rows``, where these hold no value but a step or an epoch; and a note on it."""
    counters = {role[name] for name in (STEP, EPOCH) if name in role}
    own = {name: column for name, column in columns.items() if name not in {*counters, role.get(WALL_TIME)}}
    first = 1 + max((int(column.rows[-1]) for column in own.values() if len(column.values)), default=rows)
    counted = any(len(columns[name].values) and int(columns[name].rows[-1]) == rows - 1 for name in counters)
    usual = {name: column for name, column in own.items() if len(column.values) >= OFTEN * first}
    if rows - first < LEAST or not counted or not usual:
        return dict(columns), []
    told = f"from {place(first)} on, {rows - first:,} rows hold a counter and nothing else: taken as NaN, which pandas writes so"
    return {**columns, **{name: _lost(column, first, rows) for name, column in usual.items()}}, [told]


def _lost(column: Column, first: int, rows: int) -> Column:
    after = np.arange(first, rows)
    values = np.r_[column.values.astype(np.float64), np.full(len(after), np.nan)]
    return replace(column, rows=np.r_[np.asarray(column.rows), after], values=values)
