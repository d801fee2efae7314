"""Whether a network still answers to its data: validation that stays the same number while the batches differ."""

from dataclasses import dataclass

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.level import end, start
from diagnostics.stats.noise import noise

LEAST_EVALS = 4  # evaluations that agree
DIGITS = 4  # decimals: a log that keeps no more says nothing of the last digit
LAST_DIGIT = 2.0**-23  # of the level: a float32 that differs by less is the same number
LIVELY = 100.0  # times the change of validation: batches that differ that much would move weights that can be moved
AT_ONCE = 1e-3  # of the losses, or one
CLEAR = 4.0  # noise widths: a fall that is one
STILL, DRIFT = 2e-5, 2e-4  # of the level: a network all but dead, which a few output units still move


@dataclass(frozen=True)
class Stillness:
    """How little validation moved over the second half of a run.

    Attributes:
        level: the validation loss.
        change: median change from one evaluation to the next, as a share of ``level``.
        drift: difference between the first and the last evaluation, as a share of ``level``.
        at_once: whether the training loss did half of its fall by its second point, or the first thousandth of them.
        first_step, last_step: where it was measured.
    """

    level: float
    change: float
    drift: float
    at_once: bool
    first_step: int
    last_step: int

    @property
    def dead(self) -> bool:
        """The same number each time, to the last digit."""
        return self.change <= LAST_DIGIT

    @property
    def all_but_dead(self) -> bool:
        """Moved by less than a few millionths, where the loss fell at the first steps and no further."""
        return self.change <= STILL and self.drift <= DRIFT and self.at_once


def stillness(run: Run) -> Stillness | None:
    """Measure it; None with too few evaluations or digits, or where the batches do not differ either."""
    loss, val = run[TRAIN_LOSS].finite(), run.get(VAL_LOSS)
    val = val.finite() if val is not None else None
    late = val.where(val.steps >= (val.steps[0] + val.steps[-1]) / 2) if val is not None and len(val) else None
    if late is None or len(late) < LEAST_EVALS or _rounded(late):
        return None
    level = abs(float(np.median(late.values))) or 1.0
    change = float(np.median(np.abs(np.diff(late.values)))) / level
    lively = noise(loss.values[len(loss) // 2 :]) > LIVELY * change * level
    drift = abs(float(late.values[-1] - late.values[0])) / level
    span = int(late.steps[0]), int(late.steps[-1])
    return Stillness(level, change, drift, _fell_at_once(loss), *span) if lively else None


def _rounded(curve: Curve) -> bool:
    """Whether the log keeps so few digits that equal numbers mean nothing."""
    return bool(np.mean(curve.values == np.round(curve.values, DIGITS)) > 0.5)


def _fell_at_once(loss: Curve) -> bool:
    """By more than its batches differ: half of what lies within the noise is done at once by chance."""
    first, last = start(loss), end(loss)
    below = loss.values[1 : max(2, int(len(loss) * AT_ONCE) + 1)] < (first + last) / 2
    return first - last > CLEAR * noise(loss.values) and bool(below.any())
