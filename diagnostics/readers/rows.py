"""Rows of named values, as most tools log them, gathered into series."""

from array import array
from collections.abc import Iterator, Mapping

import numpy as np

from diagnostics.curve import Floats
from diagnostics.readers import blockwise
from diagnostics.readers.log import Series

JOINT = "/"  # between the names of a nested value
LARGEST = np.finfo(np.float64).max  # 1.797e308; no curve reaches it
DEEPEST = 20  # levels of nesting; no tool logs more, and a hostile file must not exhaust the stack


class Rows:
    """Collects rows in the order of the log; what a row does not name has no entry there."""

    def __init__(self) -> None:
        self._where = array("d")  # step, epoch, wall time of each row in turn; NaN where not said
        self._columns: dict[str, tuple[array[int], array[float]]] = {}
        self.texts: dict[str, str] = {}  # the last value of each name that was no number

    def __len__(self) -> int:
        return len(self._where) // 3

    @property
    def names(self) -> int:
        """How many different quantities there are so far."""
        return len(self._columns)

    def add(
        self, values: Mapping[str, object], step: object = None, epoch: object = None, wall_time: object = None
    ) -> None:
        """One row. Numbers may be written as text; nested mappings get joined names; ``wall_time`` in s since 1970."""
        row = len(self)
        self._where.extend((_or_nan(step), _or_nan(epoch), _or_nan(wall_time)))
        for name, value in values.items():
            if type(value) is float:  # by far the most; each test more would be felt in a million rows
                self._put(name, row, value)
            elif isinstance(value, Mapping):
                for inner, one in _flat(value, name + JOINT):
                    self._take(inner, row, one)
            else:
                self._take(name, row, value)

    def _take(self, name: str, row: int, value: object) -> None:
        read = number(value)
        if read is not None:
            self._put(name, row, read)
        elif isinstance(value, str):
            self.texts[name] = value

    def _put(self, name: str, row: int, value: float) -> None:
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = (array("q"), array("d"))
        column[0].append(row)
        column[1].append(value)

    def series(self) -> tuple[Series, ...]:
        """A series a name, in the order in which the names first appear."""
        step, epoch, time = self._by_row()
        found = []
        for name, (rows, column) in self._columns.items():
            at = np.array(rows, dtype=np.int64)
            found.append(Series(name, np.array(column), step[at], _any(epoch[at]), _any(time[at]), at))
        return tuple(found)

    def epochs(self) -> Series | None:
        """The epoch of every row that has a step as well; None when no row has both."""
        step, epoch, time = self._by_row()
        both = np.flatnonzero(np.isfinite(step) & np.isfinite(epoch))
        return Series("epoch", epoch[both], step[both], None, _any(time[both]), both) if both.size else None

    def _by_row(self) -> Floats:
        return np.array(self._where, dtype=np.float64).reshape(-1, 3).T


def number(value: object) -> float | None:
    """``value`` as a number: NaN and Inf stay, also as words; None for what is none, and for truth values."""
    kind = type(value)
    if kind is float:
        return value  # type: ignore[return-value]
    if value is None or kind is bool:
        return None
    if not isinstance(value, int | float | str | np.number):
        return None
    if isinstance(value, str) and "_" in value:  # Python reads 1_000 as a number; no log means it
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:  # an integer beyond 1.8e308
        return float("inf") if value > 0 else float("-inf")  # type: ignore[operator]


def boundless(values: Floats) -> Floats:
    """``values`` with Inf where the largest float64 stands for it: MLflow's databases hold no Inf."""
    if blockwise.within(values, LARGEST):
        return values
    stands = np.abs(values) == LARGEST
    return np.where(stands, np.copysign(np.inf, values), values) if stands.any() else values


def _flat(values: Mapping[str, object], within: str, depth: int = 1) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        full = f"{within}{name}"
        if isinstance(value, Mapping):
            if depth < DEEPEST:
                yield from _flat(value, full + JOINT, depth + 1)
        else:
            yield full, value


def _or_nan(value: object) -> float:
    read = number(value)
    return np.nan if read is None else read


def _any(values: Floats) -> Floats | None:
    return values if np.isfinite(values).any() else None
