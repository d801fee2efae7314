"""Where a text log begins again with another run: scripts append to their log, and people paste several into one file."""

import numpy as np

from diagnostics.curve import Floats, Ints
from diagnostics.readers.text.places import forward

MOST_RUNS = 100  # in one file; what begins again more often counts something else
FEWEST = 2  # rows of a run


def begins(row: Ints, step: Floats, epoch: Floats, loss: Floats) -> list[int]:
    """The rows at which another run begins, without the first.

    Args:
        row: int64 [n] the rows of the lines that say a place.
        step, epoch: float64 [n] as logged, NaN where not said; ``loss``: float64 [n] what is logged most, NaN where it is not.
    """
    epoch, step = forward(epoch), forward(step)
    found, first = [], 0
    further = np.diff(epoch) > 0
    for i in np.flatnonzero((np.diff(epoch) < 0) | (~further & (np.diff(step) < 0))) + 1:
        if i - first >= FEWEST and _is_new(step, epoch, loss, first, int(i)):
            found.append(int(row[i]))
            first = int(i)
    return found if len(found) < MOST_RUNS else []


def _is_new(step: Floats, epoch: Floats, loss: Floats, first: int, i: int) -> bool:
    """Whether row ``i`` stands where the run that began at ``first`` stood at its beginning."""
    if epoch[i] > epoch[first] or step[i] > step[first]:
        return False
    if np.isfinite(epoch[i]):
        return True
    # The steps of each epoch begin again too; the loss then does not.
    start, before, now = _end(loss[first:i]), _end(loss[first:i][::-1]), _end(loss[i:])
    return abs(now - start) < abs(now - before)


def _end(values: Floats) -> float:
    """The first number of ``values``."""
    there = np.flatnonzero(np.isfinite(values[:1000]))
    return float(values[there[0]]) if there.size else np.nan
