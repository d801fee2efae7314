"""A loss that was lower once, rose, and stayed up."""

from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Curve
from diagnostics.stats.level import blocks, end, start
from diagnostics.stats.noise import noise

LEAST_BLOCKS = 20  # of stats.level: a level and its neighbours
LEAST_FALL = 0.02  # of the start: the wobble of a loss that never fell gives nothing back
CLEAR = 5.0  # standard errors of a level


@dataclass(frozen=True)
class Relapse:
    """What a loss gave back of its fall, clear of the noise.

    Attributes:
        best: its lowest level, and ``step``, where that was.
        last: its level at the end.
        share: the rise since, as a share of the fall from the start to ``best``.
    """

    best: float
    step: int
    last: float
    share: float


def relapse(loss: Curve) -> Relapse | None:
    """Measure it; None where the rise is not clear, or is not yet as long as it took to get down: that may be a swing of the momentum."""
    levels = blocks(loss)
    at = int(np.argmin(levels.levels))
    best, last, first = levels.best, end(loss), start(loss)
    if len(levels.levels) < LEAST_BLOCKS or at >= len(levels.levels) / 2 or first - best <= LEAST_FALL * abs(first):
        return None
    width = CLEAR * max(levels.error, noise(levels.levels[len(levels.levels) // 2 :]))
    return Relapse(best, int(levels.steps[at]), last, (last - best) / (first - best)) if last - best > width else None
