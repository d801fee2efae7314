"""Where a loss was going before something happened to it: the power law through what came before, carried on with caution."""

from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Curve
from diagnostics.stats.level import end
from diagnostics.stats.trend import trend

STRETCH = 0.6  # of the steps before: an early event leaves few points, and their noise hides the slope
LEAST = 4  # points before, to see a slope and its error
CAUTION = 0.5  # of the exponent that was measured: a fall slows down by itself
STEEPEST = 0.25  # of the loss is left by a doubling that is as steep as we believe


@dataclass(frozen=True)
class Heading:
    """Where it was going.

    Attributes:
        level: that it would have had at the end of the run.
        clarity: of the slope before, in standard errors.
        first_step: where the slope was measured from.
    """

    level: float
    clarity: float
    first_step: int


def heading(loss: Curve, step: int) -> Heading | None:
    """Of the finite points of ``loss`` up to ``step``; None where they are too few, or it was not falling towards 0 from above."""
    before = loss.where(loss.steps <= step)
    if len(before) < LEAST or end(before, 0.2) <= 0:
        return None
    now, level = trend(before, STRETCH), end(before, 0.1)
    if now.gain >= 0:
        return None
    exponent = np.log2(max(1 + now.gain / level, STEEPEST))
    begin, last = int(loss.steps[0]), int(loss.steps[-1])
    ratio = (last - begin + 1) / (step - begin + 1)
    return Heading(float(level * ratio ** (CAUTION * exponent)), now.clarity, now.first_step)
