"""Which column counts the steps: its name says so, and its values do; ``steps`` may as well be how many an episode took."""

from collections.abc import Callable, Iterable

import numpy as np

from collector.schema import STEP
from diagnostics.curve import Floats
from diagnostics.readers import names

FEWEST = 8  # values that tell
BACK, AGAIN, PLACES = 0.3, 0.5, 3  # of its moves go back; of its values are new; values to which it goes back


def index_of(columns: Iterable[str], values: Callable[[str], Floats | None]) -> dict[str, str]:
    """``names.index_of``, but of several columns that may be the step the first that counts; ``values`` of a column by name."""
    left = list(columns)
    role = names.index_of(left)
    while STEP in role and not _counts(values(role[STEP])):
        left.remove(role[STEP])
        role = names.index_of(left)
    return role


def _counts(values: Floats | None) -> bool:
    """Whether ``values`` may be a counter, also one that begins anew now and then, or whose rows are in no order."""
    there = np.empty(0) if values is None else values[np.isfinite(values)]
    if there.size < FEWEST:
        return True
    moves = np.diff(there)
    back = moves < 0
    if not moves.any():
        return False
    is_often = not back[moves != 0].all() and back[moves != 0].mean() > BACK
    return not (is_often and np.unique(there).size < AGAIN * there.size and np.unique(there[1:][back]).size >= PLACES)
