"""When a loss did its fall."""

import numpy as np

from diagnostics.curve import Curve
from diagnostics.stats.level import end, start


def fall_after(curve: Curve, share: float) -> float:
    """The part of the fall from start to end that came after ``share`` of the steps; 0 where nothing fell.

    The level then is a median over a quarter of ``share`` to both sides, or read off the line between two points where there is none.
    """
    loss = curve.finite()
    place = (loss.steps - loss.steps[0]) / max(1, int(loss.steps[-1] - loss.steps[0]))
    near = loss.values[np.abs(place - share) <= share / 4]
    then = float(np.median(near)) if near.size else float(np.interp(share, place, loss.values))
    return (then - end(loss)) / (start(loss) - end(loss)) if start(loss) > end(loss) else 0.0
