"""Where a log goes back: a resume overwrites what came after the step it began at; rows in any order are only sorted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diagnostics.curve import Ints, Numbers
from diagnostics.readers import blockwise
from diagnostics.readers.log import Series

Bools = NDArray[np.bool_]

RESUMES = 0.1  # of the points that may go back; more is no run that was resumed, but rows in no order


@dataclass(frozen=True)
class Restart:
    """From the row ``order`` on, the log goes on at ``step`` again."""

    order: int
    step: float


def restarts(series: Sequence[Series]) -> list[Restart]:
    """The restarts of a log, as its longest series with rows in common shows them; none when its rows are in no order."""
    shared = [s for s in series if s.order is not None]
    longest = max(shared, key=len, default=None)
    return [] if longest is None else _restarts(longest.steps, longest.rows)


def by_time(series: Sequence[Series]) -> list[Series]:
    """Series that were each logged by itself, with rows in common after all: the instants at which anything was logged.

    As they are where one has rows, or no times, or times that go back.
    """
    for s in series:
        if s.order is not None or s.wall_time is None or not (np.diff(s.wall_time, prepend=-np.inf) >= 0).all():
            return list(series)
    times = np.unique(np.concatenate([s.wall_time for s in series if s.wall_time is not None]))
    return [replace(s, order=np.searchsorted(times, s.wall_time)) for s in series if s.wall_time is not None]


def overwritten(series: Series, known: Sequence[Restart]) -> Bools:
    """bool [n]: the points of ``series`` that a later restart ran over; by its own steps where its rows stand alone."""
    if series.order is None:
        return _overwritten(series.steps, series.rows, _restarts(series.steps, series.rows))
    return _overwritten(series.steps, series.rows, known)


def doubled(steps: Numbers) -> Bools:
    """bool [n], of sorted steps: the points that a later one at the same step replaces."""
    return np.append(np.diff(steps) == 0, False) if steps.size else np.zeros(0, bool)


def goes_back(steps: Numbers) -> bool:
    """Whether ``steps`` (NaN left out) decrease anywhere."""
    return blockwise.falls(steps if blockwise.finite(steps) else steps[np.isfinite(steps)])


def _restarts(steps: Numbers, order: Ints) -> list[Restart]:
    there = np.isfinite(steps)
    steps, order = steps[there], order[there]
    back = np.flatnonzero(np.diff(steps) < 0) + 1
    if len(back) > RESUMES * len(steps):
        return []
    return [Restart(int(order[i]), float(steps[i])) for i in back]


def _overwritten(steps: Numbers, order: Ints, known: Sequence[Restart]) -> Bools:
    over = np.zeros(len(steps), dtype=bool)
    for restart in known:
        over |= (order < restart.order) & (steps >= restart.step)
    return over
