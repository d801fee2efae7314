"""How high a chart of several curves should be: what most of them need, lest one that blew up flattens all the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diagnostics import view
from diagnostics.curve import Curve
from diagnostics.once import once

ROOM = 1.0  # heights of the usual curves, kept free above and below them: they fill half of the chart, or nearly
WORTH = 0.25  # of the height shown: an end that needs no more than that is not cut off
Range = tuple[float, float]


@dataclass(frozen=True)
class Extent:
    """Smallest and largest value of a curve; ``usual``: it counts for how high the chart is."""

    low: float
    high: float
    usual: bool = True

    def beyond(self, seen: Range) -> bool:
        """Whether it leaves the stretch that is seen."""
        return self.low < seen[0] or self.high > seen[1]


@once
def extent(curve: Curve, window: int, *, log: bool = False) -> Range | None:
    """Smallest and largest value of ``curve`` averaged over ``window`` steps; of those above 0 where the axis is logarithmic."""
    values = view.moving_average(curve, window).values
    drawn = values[np.isfinite(values) & (values > 0)] if log else values[np.isfinite(values)]
    return (float(drawn.min()), float(drawn.max())) if drawn.size else None


def usual(extents: Sequence[Extent], *, log: bool = False) -> Range | None:
    """The stretch to show: three quarters of the usual curves as a whole, and ``ROOM`` around them. None: all of it fits."""
    counted = [e for e in extents if e.usual] or list(extents)
    if not counted:
        return None
    low, high = (
        np.quantile(_scaled([getattr(e, end) for e in counted], log), q) for end, q in (("low", 0.25), ("high", 0.75))
    )
    room = ROOM * ((high - low) or abs(high) or 1.0)
    ends = _scaled([min(e.low for e in extents), max(e.high for e in extents)], log)
    seen = float(max(low - room, ends[0])), float(min(high + room, ends[1]))
    spare = WORTH * (seen[1] - seen[0])
    seen = ends[0] if seen[0] - ends[0] <= spare else seen[0], ends[1] if ends[1] - seen[1] <= spare else seen[1]
    if seen == (ends[0], ends[1]):
        return None
    return (10 ** seen[0], 10 ** seen[1]) if log else seen


def _scaled(values: Sequence[float], log: bool) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.log10(values) if log else np.asarray(values, dtype=np.float64)
