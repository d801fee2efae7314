"""How much of the loss is the wandering of the weights around their average: what settling would take off it."""

from dataclasses import dataclass
from functools import cache

from scipy.special import ndtr, stdtrit  # not scipy.stats, which takes a second to import

from collector.schema import EXCESS_LOSS, TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.alignment import alignment
from diagnostics.stats.bounce import FLOOR
from diagnostics.stats.change import Change
from diagnostics.stats.level import end, start

SETTLED = 0.25  # of the run: what the weights did before belongs to the way down
LEAST = 4  # measurements since: fewer tell no error
WHOLE = (
    1.0  # of the loss: no wandering makes up more; where it seems to, another loss was logged than the gradient is of
)
# of the loss, and a mean cosine: 20 runs whose validation was a batch drawn anew each time had up to 0.09, and −0.06 and more; of the lab's 58 that jitter by more than a
# twentieth and need a decay or a lower rate, three are as calm (tests/benchmarks/test_bounds.py)
CALM, BACK = 0.1, -0.07
SHARE = "mean excess loss as a share of the loss, or of a twentieth of the fall"


@dataclass(frozen=True)
class Wandering(Change):
    """The mean excess loss of the last three quarters of a run, as its ``gain``; the ``error`` of few is so wide that two of it are as rare as of many.

    Attributes:
        level: mean training loss of the second half.
        share: ``gain`` as a share of it, or of validation's end where that is higher, or of ``FLOOR`` of the fall where less is left; of the
            whole fall where the loss is below zero, and its level means nothing.
    """

    level: float
    share: float


@once
def wandering(run: Run) -> Wandering | None:
    """Measure it; None where it was not recorded, with fewer than ``LEAST`` measurements, and where it is no share of the loss."""
    logged, loss = run.get(EXCESS_LOSS), run[TRAIN_LOSS].finite()
    if logged is None or not len(loss):
        return None
    first, last = loss.steps[0], loss.steps[-1]
    seen = logged.finite()
    seen = seen.where(seen.steps >= first + SETTLED * (last - first))
    if len(seen) < LEAST:
        return None
    level = float(loss.values[loss.steps >= (first + last) / 2].mean())
    gain, error = float(seen.values.mean()), float(seen.values.std(ddof=1)) / len(seen) ** 0.5 * _wider(len(seen))
    scale = _scale(run, loss, level)
    share = gain / scale if scale > 0 else 0.0
    return Wandering(gain, error, int(seen.steps[0]), int(seen.steps[-1]), level, share) if share <= WHOLE else None


def calm(run: Run, jitter: float) -> bool:
    """Whether the weights are known to wander by little: under ``CALM`` of the loss, by less than validation's ``jitter`` from one evaluation to the next, and with no gradient that points ``BACK``.

    That is then one of the examples it was measured on, which differ each time.
    """
    seen, pull = wandering(run), alignment(run)
    little = seen is not None and seen.share < CALM and seen.gain < jitter
    return little and (pull is None or pull.gain > BACK)


def _scale(run: Run, loss: Curve, level: float) -> float:
    val = run.get(VAL_LOSS)
    left = max(level, end(val)) if val is not None and len(val.finite()) else level
    fall = start(loss) - end(loss)
    return max(left, FLOOR * fall) if left > 0 else fall


@cache
def _wider(count: int) -> float:
    """How many times as wide as of many the error of the mean of ``count`` values is, by Student's t at two standard errors."""
    return -float(stdtrit(count - 1, ndtr(-2.0))) / 2.0
