"""Whether a curve still moves, and how far it would go if the run went on."""

import numpy as np

from diagnostics.curve import Curve
from diagnostics.once import once
from diagnostics.stats.change import Change
from diagnostics.stats.level import by_part

TAIL = 0.4  # share of the steps looked at: the slope "now", yet long enough to stand out of the noise


class Trend(Change):
    """A straight line through the end of a curve, over the logarithm of the step.

    Losses fall about like a power of the step, so equal ratios of steps bring about equal gains. The ``gain`` is the change
    that doubling the steps would bring; negative when falling.
    """


@once
def trend(curve: Curve, tail: float = TAIL, groups: int = 10) -> Trend:
    """Fit the last ``tail`` of the steps of ``curve``.

    The points are averaged in ``groups`` first, so that the error is that of the noise between stretches of the run: that
    of single points would call slow wandering a trend.
    """
    finite = curve.finite()
    first, last = finite.steps[0], finite.steps[-1]
    late = finite.where(finite.steps >= last - tail * (last - first))
    parts = max(1, min(groups, len(late)))
    done, level = by_part(np.mean, late.steps, parts) - first + 1, by_part(np.mean, late.values, parts)
    slope, error = _line(np.log(done), level)
    return Trend(slope * np.log(2), error * np.log(2), int(late.steps[0]), int(last))


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope of the least-squares line and its standard error; 0 ± inf for fewer than three points."""
    spread = float(((x - x.mean()) ** 2).sum())
    if len(x) < 3 or spread == 0:
        return 0.0, float("inf")
    size = float(np.abs(y).max()) or 1.0  # squares of 1e300 overflow; squares of shares do not
    level, place = y / size - (y / size).mean(), x - x.mean()
    slope = float((place * level).sum() / spread)
    residuals = level - slope * place
    return size * slope, size * float(np.sqrt((residuals**2).sum() / (len(x) - 2) / spread))
