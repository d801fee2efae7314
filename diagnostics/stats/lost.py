"""A training loss that is gone: not a number, replaced by zeros, or no longer logged."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.level import start

LATE_SHARE = 0.1  # of the points: the end of the run, as in stats.level
SOLVED = 0.02  # of the start: a loss that is solved gets there before it is exactly 0
LEAST_ZEROS = 5  # points
TAIL = 20  # points in a row: however long the run, a loss that is no number for so many does not come back
LEAST_AFTER = 20  # rows without a loss: fewer may be the end of a buffer
MISSED = 10.0  # times the usual distance between two losses: so many were due and did not come
TOGETHER = 0.9  # times as many values as losses: logged at least as often


@dataclass(frozen=True)
class Lost:
    """Where the loss was lost.

    Attributes:
        first_step: of the first point or row without it; ``last_step``, of the last.
        count: points or rows without it; ``limit``, from how many on it is lost.
        before: the last loss there was, and ``step``, where; None when it never was finite.
    """

    first_step: int
    last_step: int
    count: int
    limit: float
    before: float | None
    step: int | None


def not_finite(loss: Curve, ended: bool = False) -> Lost | None:
    """Most of the last points are NaN or infinite, or ``TAIL`` in a row at the end; where the run has ``ended`` there, more in a row than ever came back."""
    bad, late = ~np.isfinite(loss.values), max(1, round(len(loss) * LATE_SHARE))
    tail = len(bad) if bad.all() else int(np.argmin(bad[::-1]))
    least = min(TAIL, _longest(bad[: len(bad) - tail]) + 1) if ended else TAIL
    if bad[-late:].mean() > 0.5:
        count, limit = int(bad.sum()), late / 2
    elif tail >= least:
        count, limit = tail, float(least)
    else:
        return None
    good = np.flatnonzero(~bad)
    first = int(loss.steps[good[-1] + 1 if good.size and good[-1] + 1 < len(loss) else int(np.argmax(bad))])
    last = int(loss.steps[-1])
    if not good.size:
        return Lost(first, last, count, limit, None, None)
    return Lost(first, last, count, limit, float(loss.values[good[-1]]), int(loss.steps[good[-1]]))


def _longest(bad: NDArray[np.bool_]) -> int:
    """The most in a row."""
    edges = np.flatnonzero(np.diff(np.r_[False, bad, False].astype(np.int8)))
    return int(np.diff(edges)[::2].max(initial=0))


def zeroed(loss: Curve, val: Curve | None = None) -> Lost | None:
    """A NaN that was replaced by 0: the loss falls to exactly 0 from one point to the next, and stays; not where ``val`` has a value since: a hinge loss that is solved."""
    finite = loss.finite()
    if not finite.values.any():
        return None
    last = int(np.flatnonzero(finite.values)[-1])
    zeros, least = len(finite) - 1 - last, max(LEAST_ZEROS, LATE_SHARE * len(finite))
    before = float(np.median(np.abs(finite.values[max(0, last - LEAST_AFTER + 1) : last + 1])))
    if zeros < least or before < SOLVED * abs(start(finite)):
        return None
    span = int(finite.steps[last + 1]), int(finite.steps[-1])
    if val is not None and val.finite().values[val.finite().steps > span[0]].any():
        return None
    return Lost(*span, zeros, least, float(finite.values[last]), int(finite.steps[last]))


def vanished(run: Run) -> Lost | None:
    """Some loggers drop NaN: the loss column ends while the others go on."""
    finite = run[TRAIN_LOSS].finite()
    first, seen, last = int(finite.steps[0]), int(finite.steps[-1]), run.last_step
    usual = float(np.median(np.diff(finite.steps))) if len(finite) > 1 else 1.0
    if len(finite) == 1 and VAL_LOSS in run and (run[VAL_LOSS].finite().steps > seen).any():
        return None  # the network lives, and how rarely training is logged is not known yet
    if last - seen <= max(LATE_SHARE * (last - first), MISSED * usual):
        return None
    beside = [c.steps for c in run.curves.values() if (c.steps <= seen).sum() >= TOGETHER * len(finite)]
    after = max(int((steps > seen).sum()) for steps in beside)
    if after < LEAST_AFTER:
        return None
    return Lost(seen, last, after, LEAST_AFTER, float(finite.values[-1]), seen)
