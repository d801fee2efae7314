"""A curve over the distance that the schedule let the weights go, in place of the steps."""

import numpy as np

from collector.schema import LR
from diagnostics.curve import Curve
from diagnostics.run import Run

FINE = 1_000  # parts of a step: late in a schedule many steps make one at full rate


def at_full_rate(run: Run, curve: Curve) -> Curve:
    """``curve``'s finite points, each at the number of steps at the peak rate that come to the same sum of rates, in ``FINE`` parts.

    A loss that falls along a straight slope does so evenly in this sum, whatever the schedule; as it is without a logged rate.
    """
    finite, lr = curve.finite(), run.get(LR)
    rates = lr.finite() if lr is not None else None
    if rates is None or len(rates) < 2 or rates.values.max() <= 0:
        return finite
    gone = np.r_[0.0, np.cumsum(rates.values[:-1] * np.diff(rates.steps))] / rates.values.max()
    done = np.interp(finite.steps, rates.steps, gone)
    return Curve(curve.tag, np.round(FINE * done).astype(np.int64), finite.values, finite.wall_time)
