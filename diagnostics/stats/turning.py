"""Whether a loss has passed its lowest point, and how surely."""

from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Curve
from diagnostics.once import once
from diagnostics.stats.level import end
from diagnostics.stats.noise import noise
from diagnostics.stats.plateau import running_median

SHORT = 0.05  # of the points: the stretch whose median is "the lowest" or "the end"; at least three
MEDIAN = 1.25  # the standard error of a median over that of a mean
LEAST = 6  # points after the lowest, for a jitter of their own


@dataclass(frozen=True)
class Turn:
    """A loss at its smoothed lowest point and now.

    Attributes:
        step: of the lowest single point around the smoothed lowest: those weights exist.
        lowest: the value logged there.
        best: the smoothed level there.
        last: the level at the end.
        jitter: standard deviation of single points since, apart from where they are going.
        error: standard error of ``rise``, from that jitter: of two medians of the short stretch.
        after: points after the lowest.
        near: first and last step at which the smoothed loss was within one ``jitter`` of the lowest.
    """

    step: int
    lowest: float
    best: float
    last: float
    jitter: float
    error: float
    after: int
    near: tuple[int, int]

    @property
    def rise(self) -> float:
        """How far the end is above the lowest."""
        return self.last - self.best

    def above(self, share: float) -> bool:
        """Whether the end is above the lowest by more than ``share`` of it."""
        return self.rise > share * abs(self.best)


@once
def turn(curve: Curve) -> Turn:
    """Measure the turn of the finite points of ``curve``, of which there must be one."""
    finite = curve.finite()
    window = max(3, round(SHORT * len(finite)))
    smooth = running_median(finite, window).values
    at = int(np.argmin(smooth))
    around = range(max(0, at - window // 2), min(len(finite), at + window // 2 + 1))
    lowest = min(around, key=finite.values.__getitem__)
    since = finite.values[at:] if len(finite) - at > LEAST else finite.values[len(finite) // 2 :]
    jitter, best = noise(since), float(smooth[at])
    step, near = int(finite.steps[lowest]), finite.steps[smooth <= best + jitter]
    span = min(step, int(near[0])), max(step, int(near[-1]))
    error = jitter * min(1.0, MEDIAN * np.sqrt(2 / window))
    return Turn(step, float(finite.values[lowest]), best, end(finite, SHORT), jitter, error, len(finite) - 1 - at, span)
