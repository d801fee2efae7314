"""Which column counts the steps: its name says so, and its values do; ``steps`` may as well be how many an episode took."""

from collections.abc import Callable, Iterable

import numpy as np

from collector.schema import STEP
from diagnostics.curve import Numbers
from diagnostics.readers import blockwise
from diagnostics.readers.understanding import names

FEWEST = 8  # values that tell
BACK = 0.3  # of the moves of a counter that go back at most, as one does that begins anew with each epoch
EVEN = 4  # times as often as usual that a counter has one value at most, however its rows are shuffled


def index_of(columns: Iterable[str], values: Callable[[str], Numbers | None]) -> dict[str, str]:
    """``names.index_of``, but of several columns that may be the step the first that rises; ``values`` of a column by name."""
    left = list(columns)
    first = role = names.index_of(left)
    while STEP in role and not _rises(role[STEP], values(role[STEP])):
        left.remove(role[STEP])
        role = names.index_of(left)
    return first if STEP in first and STEP not in role and _is_shuffled(values(first[STEP])) else role


def _rises(name: str, values: Numbers | None) -> bool:
    """Whether it counts on; episodes and the like that begin anew count the trainings in one log, each for itself."""
    there = _finite(values)
    if there.size < FEWEST:
        return True
    if not blockwise.falls(there):
        return bool(there[-1] > there[0])
    goes_back = there[1:] < there[:-1]
    back, on = np.count_nonzero(goes_back), np.count_nonzero(there[1:] > there[:-1])
    is_anew = names.plain(name) in names.ROUNDS and bool((there[1:][goes_back] <= there[0]).any())
    return bool(back + on > 0 and back <= BACK * (back + on) and not is_anew)


def _is_shuffled(values: Numbers | None) -> bool:
    """Whether it is a counter though its rows are in no order: it has none of its values much more often than others."""
    found, often = np.unique(_finite(values), return_counts=True)
    return found.size > 1 and bool(often.max() <= EVEN * np.median(often))


def _finite(values: Numbers | None) -> Numbers:
    if values is None:
        return np.empty(0)
    return values if blockwise.finite(values) else values[np.isfinite(values)]
