"""Curves of a log that only grows: rows that were read once stay where they are, and what was given out never changes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collector.schema import STEP, WALL_TIME
from diagnostics.curve import Curve

GROWTH = (
    1.25  # times the room that is needed, which takes no memory before it is used: a row is copied a few times in all
)

Numbers = NDArray[Any]


class Column:
    """Numbers that come to the end. An array that was given out is never written into again."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers, self._given = numbers, len(numbers)

    def upto(self, kept: int, more: Numbers) -> Numbers:
        """The first ``kept`` numbers, which are there already, and ``more``; without a copy where that is safe."""
        end = kept + len(more)
        known = self._numbers[kept : min(self._given, end)]
        same = known.tobytes() == more[: len(known)].tobytes()
        if end > len(self._numbers) or not same:
            room: Numbers = np.empty(int(GROWTH * end), self._numbers.dtype)
            room[:kept] = self._numbers[:kept]
            self._numbers, self._given, known = room, kept, room[:0]
        self._numbers[kept + len(known) : end] = more[len(known) :]
        self._given = max(self._given, end)
        return self._numbers[:end]


@dataclass
class _Tag:
    """The points of a tag that are there to stay: ``count``, and steps and times of its own unless every row has one."""

    values: Column
    count: int = 0
    own: tuple[Column, Column] | None = None


class Growing:
    """Rows in the order of their steps, as columns."""

    def __init__(self) -> None:
        self.rows = 0
        self.last_step = -(2**63)  # of the rows that stay
        self._steps, self._times = Column(np.empty(0, np.int64)), Column(np.empty(0))
        self._tags: dict[str, _Tag] = {}

    def add(self, table: pa.Table) -> None:
        """Rows that stay as they are."""
        for tag, curve in self.with_rows(table).items():
            self._tags[tag].count = len(curve)
        self.rows += table.num_rows
        if table.num_rows:
            self.last_step = table[STEP][-1].as_py()

    def with_rows(self, table: pa.Table) -> dict[str, Curve]:
        """The curves with the rows of ``table`` at their end, which may be others the next time."""
        steps = self._steps.upto(self.rows, _numbers(table[STEP]))
        times = self._times.upto(self.rows, _numbers(table[WALL_TIME]))
        names = dict.fromkeys([*self._tags, *(n for n in table.column_names if n not in (STEP, WALL_TIME))])
        curves = {name: self._curve(name, table, steps, times) for name in names}
        return {name: curve for name, curve in curves.items() if len(curve)}

    def _curve(self, name: str, table: pa.Table, steps: Numbers, times: Numbers) -> Curve:
        tag = self._tags.setdefault(name, _Tag(Column(np.empty(0))))
        column = table[name] if name in table.column_names else pa.nulls(table.num_rows, pa.float64())
        present = _present(column)
        filled = len(present) - column.null_count
        if tag.own is None and (tag.count != self.rows or not present[:filled].all()):
            tag.own = Column(steps[: tag.count].copy()), Column(times[: tag.count].copy())
        new = _numbers(column) if filled == len(present) else _numbers(column)[present]
        values = tag.values.upto(tag.count, new)
        if tag.own is None:
            return Curve(name, steps[: len(values)], values, times[: len(values)])
        of_rows = slice(self.rows, self.rows + table.num_rows)
        own = tag.own[0].upto(tag.count, steps[of_rows][present]), tag.own[1].upto(tag.count, times[of_rows][present])
        return Curve(name, own[0], values, own[1])


def _numbers(column: pa.ChunkedArray | pa.Array) -> Numbers:
    numbers: Numbers = (
        column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(zero_copy_only=False)
    )
    return numbers


def _present(column: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    if not column.null_count:
        return np.ones(len(column), dtype=bool)
    return _numbers(column.is_valid())
