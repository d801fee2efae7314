"""How long a loss stays at its start before it falls."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from diagnostics.curve import Curve
from diagnostics.once import once
from diagnostics.stats.level import blocks, start

MOST = 1_000  # points: a departure is known to a thousandth of the run
SMOOTHING = 100  # the running median spans 1/100 of the points, at least 5
SETTLED = 0.05  # of the blocks: by then a network has learnt the mean of its targets, whatever its weights
CLEAR = 2.0  # standard errors of a block
RESTING = 3  # blocks whose median is the level it rests at


@dataclass(frozen=True)
class Departure:
    """When a loss left its start.

    Attributes:
        left: first step at which a tenth of the whole fall was done.
        half: first step at which half of it was done.
        level: the loss at the start.
        fall: start − lowest smoothed loss.
    """

    left: int
    half: int
    level: float
    fall: float


@once
def departure(curve: Curve) -> Departure:
    """Measure when the finite points of ``curve`` leave their start, on a running median."""
    smooth = _smooth(curve.finite())
    level = start(curve.finite())
    fall = max(level - float(smooth.values.min()), 0.0)
    return Departure(_first_below(smooth, level - 0.1 * fall), _first_below(smooth, level - 0.5 * fall), level, fall)


def reached(curve: Curve, level: float) -> int:
    """First step at which the finite points of ``curve``, on a running median, are no higher than ``level``; the last when they never are."""
    return _first_below(_smooth(curve.finite()), level)


@once
def second_departure(curve: Curve) -> Departure:
    """When ``curve`` leaves the level that it rests at once the first quick fall is over, by the medians of its blocks.

    A fall within CLEAR of their standard errors has not left it.
    """
    parts = blocks(curve)
    skip = max(1, round(SETTLED * len(parts.levels)))
    late = Curve(curve.tag, parts.steps[skip:].astype(np.int64), parts.levels[skip:])
    level = float(np.median(late.values[:RESTING]))
    fall = max(level - float(late.values.min()), 0.0)
    left = _first_below(late, level - max(0.1 * fall, CLEAR * parts.error))
    return Departure(left, max(left, _first_below(late, level - 0.5 * fall)), level, fall)


@once
def _smooth(curve: Curve) -> Curve:
    coarse = _coarse(curve)
    return running_median(coarse, max(5, len(coarse) // SMOOTHING))


def _coarse(curve: Curve) -> Curve:
    """Medians of equal shares of the points, where these are more than ``MOST``: two million points are no finer in shape."""
    size = -(-len(curve) // MOST)
    if size == 1:
        return curve
    full = len(curve) // size * size
    return Curve(curve.tag, curve.steps[:full:size], np.median(curve.values[:full].reshape(-1, size), axis=1))


@once
def running_median(curve: Curve, window: int) -> Curve:
    """Centred running median over ``window`` points (made odd); the ends use the points there are."""
    rolling = pd.Series(curve.values).rolling(window // 2 * 2 + 1, center=True, min_periods=1)
    values = rolling.median().to_numpy()  # in n log(window) time, and no more memory than the curve
    return Curve(curve.tag, curve.steps, values, curve.wall_time)


def _first_below(curve: Curve, level: float) -> int:
    below = np.flatnonzero(curve.values <= level)
    return int(curve.steps[below[0]] if below.size else curve.steps[-1])
