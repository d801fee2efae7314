"""Which column counts the steps: its name says so, and its values do; ``steps`` may as well be how many an episode took."""

from collections.abc import Callable, Iterable

import numpy as np

from collector.schema import STEP
from diagnostics.curve import Floats
from diagnostics.readers.understanding import names

FEWEST = 8  # values that tell
BACK = 0.3  # of the moves of a counter that go back at most, as one does that begins anew with each epoch


def index_of(columns: Iterable[str], values: Callable[[str], Floats | None]) -> dict[str, str]:
    """``names.index_of``, but of several columns that may be the step the first that rises; ``values`` of a column by name."""
    left = list(columns)
    first = role = names.index_of(left)
    while STEP in role and not _rises(values(role[STEP])):
        left.remove(role[STEP])
        role = names.index_of(left)
    return role if STEP in role or STEP not in first or _stands(values(first[STEP])) else first


def _rises(values: Floats | None) -> bool:
    moves = _moves(values)
    return moves is None or bool(moves.size and (moves < 0).mean() <= BACK)


def _stands(values: Floats | None) -> bool:
    moves = _moves(values)
    return moves is not None and not moves.size


def _moves(values: Floats | None) -> Floats | None:
    """What is between one value and a different next one; None for too few values."""
    there = np.empty(0) if values is None else values[np.isfinite(values)]
    ahead = np.diff(there)
    return ahead[ahead != 0] if there.size >= FEWEST else None
