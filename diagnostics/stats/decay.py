"""What the learning rate did: when it fell for good, and whether it is spent."""

from dataclasses import dataclass

import numpy as np

from collector.schema import LR
from diagnostics.run import Run

LOW = 1 / 3  # of the peak: the smallest decay in common use is 0.5, the usual step 0.1
SPENT = 0.1  # of the peak: below a tenth a schedule is near its end, and going on brings little


@dataclass(frozen=True)
class Decay:
    """The learning rate's fall below ``LOW`` of its peak, not to return.

    Attributes:
        step: last step before the fall.
        peak: the highest learning rate.
        before, after: the learning rate at ``step`` and at the end of the run.
    """

    step: int
    peak: float
    before: float
    after: float


def decay(run: Run) -> Decay | None:
    """The fall of ``optim/lr``, or None when it was not logged or stayed up."""
    lr = run.get(LR)
    lr = lr.finite() if lr is not None else None
    if lr is None or len(lr) < 2 or lr.values.max() <= 0:
        return None
    peak = float(lr.values.max())
    high = np.flatnonzero(lr.values >= LOW * peak)
    if high[-1] == len(lr) - 1:
        return None
    return Decay(int(lr.steps[high[-1]]), peak, float(lr.values[high[-1]]), float(lr.values[-1]))


def wanes(run: Run) -> bool:
    """Whether the learning rate ever fell below ``LOW`` of its peak after it, as decays and cycles do."""
    lr = run.get(LR)
    lr = lr.finite() if lr is not None else None
    if lr is None or not len(lr):
        return False
    after = lr.values[int(np.argmax(lr.values)) :]
    return bool(after.min() < LOW * lr.values.max())


def spent(run: Run) -> bool:
    """Whether the learning rate ended at or below ``SPENT`` of its peak."""
    fall = decay(run)
    return fall is not None and fall.after <= SPENT * fall.peak * (1 + 1e-6)  # a rate cut to exactly a tenth counts
