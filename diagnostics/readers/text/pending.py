"""Places that lines without a quantity say: the headings of epochs, and progress bars, for the lines that follow."""

import math
from dataclasses import dataclass, field

from diagnostics.readers.text.shape import Place
from diagnostics.readers.text.store import Kind, Store
from diagnostics.readers.text.tokens import Tokens, value


@dataclass
class Pending:
    """What such lines said since the last row.

    Attributes:
        after: by row, the [i/n] that was drawn right after it.
        totals: of the bars, in the order of the log.
        last: the row of the line before, -1 where that was none.
    """

    after: dict[int, tuple[float, float]] = field(default_factory=dict)
    totals: dict[float, None] = field(default_factory=dict)
    last: int = -1
    _said: dict[bool, tuple[Kind, float, float, float]] = field(default_factory=dict)  # by "says the epoch"

    def put(self, kind: Kind, found: Tokens) -> None:
        """Take in a line."""
        step, total, epoch = where(kind.shape.place, found)
        if total == total and not kind.shape.place.word and not kind.shape.evaluation:
            self.totals.setdefault(total)
            if self.last >= 0:
                self.after[self.last] = (step, total)
        self.last = -1
        if kind.shape.drawn and (step == 0 or kind.shape.evaluation):
            return  # a bar that has only begun, before the last line of what went before; or another count
        says_epoch = kind.shape.place.epoch is not None
        if says_epoch:
            self._said.clear()
        self._said[says_epoch] = (kind, step, total, epoch)

    def flush(self, store: Store) -> None:
        """Make rows of what was said: a row with a quantity comes next."""
        if not self._said:
            return
        for says_epoch in (True, False):
            if says_epoch in self._said:
                kind, step, total, epoch = self._said.pop(says_epoch)
                store.row(kind.number, 0, step, total, epoch)


def where(place: Place, found: Tokens) -> tuple[float, float, float]:
    """Step, total and epoch of a line, NaN where it does not say."""
    return _at(place.step, found), _at(place.total, found), _at(place.epoch, found)


def _at(token: int | None, found: Tokens) -> float:
    number = None if token is None else value(found.numbers[token])
    return math.nan if number is None else number
