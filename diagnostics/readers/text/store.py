"""The rows of a text log as they are read: numbers in flat arrays, so that memory stays near the size of the result."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from diagnostics.curve import Floats, Ints
from diagnostics.readers.text.shape import Shape

Columns = dict[str, tuple[Ints, Floats]]  # by name the rows and the values, rows rising


@dataclass
class Kind:
    """One kind of line and how often it was read; ``number`` names it among all.

    Attributes:
        rows: that are rows of a table.
        pattern: finds the tokens of such a line at once: the first date, if ``dated``, and the numbers.
        simple: the numbers need no further look, and are kept as they come.
        order: which number of the pattern each token is.
        at, numbers: the rows of lines that were kept so, and the [rows, numbers] of the pattern.
    """

    number: int
    shape: Shape
    count: int = 0
    rows: int = 0
    pattern: re.Pattern[str] | None = None
    dated: bool = False
    simple: bool = False
    order: dict[int, int] = field(default_factory=dict)
    at: array[int] = field(default_factory=lambda: array("l"))
    numbers: array[float] = field(default_factory=lambda: array("d"))


@dataclass(frozen=True)
class Filled:
    """All that was read, in the order of the log; float64 [n], NaN where a line does not say.

    Attributes:
        kind: int64 [n] the number of the kind of line; ``rank``: the process that wrote it.
        step, total, epoch: as logged, of ``[3/9]`` both; ``time``: s since 1970.
        aside: bool [n] the count is an evaluation's, not the training's.
        columns: the quantities.
    """

    kind: Ints
    rank: Ints
    step: Floats
    total: Floats
    epoch: Floats
    time: Floats
    aside: NDArray[np.bool_]
    columns: Columns

    def __len__(self) -> int:
        return len(self.kind)


@dataclass
class Store:
    """Rows as they come; ``columns``: by name the rows and the values. For the others see ``Filled``."""

    kind: array[int] = field(default_factory=lambda: array("l"))
    rank: array[int] = field(default_factory=lambda: array("l"))
    time: array[float] = field(default_factory=lambda: array("d"))
    columns: dict[str, tuple[array[int], array[float]]] = field(default_factory=dict)
    _at: array[int] = field(default_factory=lambda: array("l"))  # rows of no simple kind
    _places: array[float] = field(default_factory=lambda: array("d"))  # three of each: step, total, epoch
    _aside: array[int] = field(default_factory=lambda: array("l"))

    def __len__(self) -> int:
        return len(self.kind)

    def row(
        self, kind: int, rank: int, step: float, total: float, epoch: float, time: float = math.nan, aside: bool = False
    ) -> int:
        """Add a row and return its number."""
        row = len(self.kind)
        self.kind.append(kind)
        self.rank.append(rank)
        self.time.append(time)
        self._at.append(row)
        self._places.extend((step, total, epoch))
        if aside:
            self._aside.append(row)
        return row

    def simple(self, kind: Kind, rank: int, time: float, numbers: Sequence[str]) -> int:
        """Add a row of a simple kind, from its numbers as text, and return its number."""
        row = len(self.kind)
        kind.numbers.extend(map(float, numbers))
        kind.at.append(row)
        self.kind.append(kind.number)
        self.rank.append(rank)
        self.time.append(time)
        return row

    def is_aside(self, row: int) -> bool:
        """Whether the row, the last that was added, counts an evaluation."""
        return bool(self._aside) and self._aside[-1] == row

    def put(self, name: str, row: int, value: float) -> None:
        """Add a value to a row."""
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = (array("l"), array("d"))
        column[0].append(row)
        column[1].append(value)

    def filled(self, kinds: Sequence[Kind]) -> Filled:
        """All that was read, with the rows that simple kinds kept."""
        places = np.full((len(self), 3), np.nan)
        places[_ints(self._at)] = _floats(self._places).reshape(-1, 3)
        parts = {name: [(_ints(at), _floats(values))] for name, (at, values) in self.columns.items()}
        for kind in kinds:
            if kind.at:
                _spread(kind, places, parts)
        aside = np.zeros(len(self), bool)
        aside[_ints(self._aside)] = True
        columns = {name: _joined(pieces) for name, pieces in parts.items()}
        step, total, epoch = places.T
        return Filled(_ints(self.kind), _ints(self.rank), step, total, epoch, _floats(self.time), aside, columns)


def _spread(kind: Kind, places: Floats, parts: dict[str, list[tuple[Ints, Floats]]]) -> None:
    """Put the numbers of a simple kind where they belong."""
    at = _ints(kind.at)
    numbers = _floats(kind.numbers).reshape(len(at), -1)
    tokens, place = kind.order, kind.shape.place
    for column, token in enumerate((place.step, place.total, place.epoch)):
        if token is not None:
            places[at, column] = numbers[:, tokens[token]]
    for measure in kind.shape.measures:
        values = numbers[:, tokens[measure.at]]
        if measure.of is not None:
            whole = numbers[:, tokens[measure.of]]
            values = np.divide(values, whole, out=values.copy(), where=whole != 0)
        parts.setdefault(measure.name, []).append((at, values))


def _joined(pieces: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    row = np.concatenate([at for at, _ in pieces])
    number = np.concatenate([values for _, values in pieces])
    order = np.argsort(row, kind="stable")
    return row[order], number[order]


def _ints(values: array[int]) -> Ints:
    return np.frombuffer(values, dtype=np.int64) if len(values) else np.empty(0, np.int64)


def _floats(values: array[float]) -> Floats:
    return np.frombuffer(values, dtype=np.float64) if len(values) else np.empty(0)
