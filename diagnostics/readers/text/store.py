"""The rows of a text log as they are read: numbers in flat arrays, so that memory stays near the size of the result."""

from __future__ import annotations

import math
import re
from array import array
from dataclasses import dataclass, field

from diagnostics.readers.text.shape import Shape


@dataclass
class Kind:
    """One kind of line and how often it was read; ``number`` names it in ``Store.kind``."""

    number: int
    shape: Shape
    count: int = 0
    rows: int = 0  # that were stored of it
    pattern: re.Pattern[str] | None = None  # finds its tokens at once
    opaque: tuple[bool, ...] = ()  # which of them are


@dataclass
class Store:
    """Rows in the order of the log; NaN where a line does not say.

    Attributes:
        kind: the number of the kind of line; ``rank``: the process that wrote it.
        step, total, epoch: as logged, of ``[3/9]`` both; ``time``: s since 1970.
        aside: the count is an evaluation's, not the training's.
        columns: by name the rows and the values.
    """

    kind: array[int] = field(default_factory=lambda: array("l"))
    rank: array[int] = field(default_factory=lambda: array("l"))
    step: array[float] = field(default_factory=lambda: array("d"))
    total: array[float] = field(default_factory=lambda: array("d"))
    epoch: array[float] = field(default_factory=lambda: array("d"))
    time: array[float] = field(default_factory=lambda: array("d"))
    aside: array[int] = field(default_factory=lambda: array("b"))
    columns: dict[str, tuple[array[int], array[float]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.kind)

    def row(
        self, kind: int, rank: int, step: float, total: float, epoch: float, time: float = math.nan, aside: bool = False
    ) -> int:
        """Add a row and return its number."""
        self.kind.append(kind)
        self.rank.append(rank)
        self.step.append(step)
        self.total.append(total)
        self.epoch.append(epoch)
        self.time.append(time)
        self.aside.append(aside)
        return len(self.kind) - 1

    def put(self, name: str, row: int, value: float) -> None:
        """Add a value to a row."""
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = (array("l"), array("d"))
        column[0].append(row)
        column[1].append(value)
