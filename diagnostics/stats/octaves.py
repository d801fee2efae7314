"""What each doubling of the steps brought, and what the next ones would."""

from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Curve

LEAST = 3  # points in a doubling, for a slope
AHEAD = 5  # doublings looked ahead: a rate that is too low is so by a factor of up to about thirty


@dataclass(frozen=True)
class Octaves:
    """The gains of the last two doublings of the steps, in the curve's unit; positive when falling.

    Attributes:
        last: from half of the steps to all of them.
        before: from a quarter to half.
        first_step: where the last doubling began.
    """

    last: float
    before: float
    first_step: int

    @property
    def left(self) -> float:
        """What the next ``AHEAD`` doublings would bring, if each compares to the one before as the last two do, and never brings more."""
        if self.last <= 0:
            return 0.0
        ratio = min(self.last / self.before, 1.0) if self.before > 0 else 1.0
        return self.last * sum(ratio**k for k in range(1, AHEAD + 1))


def octaves(curve: Curve) -> Octaves | None:
    """Measure ``curve``'s finite points; None when a doubling has fewer than ``LEAST`` of them."""
    finite = curve.finite()
    if len(finite) < 2 * LEAST or finite.steps[-1] == finite.steps[0]:
        return None
    place = (finite.steps - finite.steps[0]) / (finite.steps[-1] - finite.steps[0])
    late, early = place > 0.5, (place > 0.25) & (place <= 0.5)
    if min(late.sum(), early.sum()) < LEAST:
        return None
    last, before = (-float(np.polyfit(np.log2(place[part]), finite.values[part], 1)[0]) for part in (late, early))
    return Octaves(last, before, int(finite.steps[np.argmax(late)]))
