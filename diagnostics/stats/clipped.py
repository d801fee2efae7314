"""Whether every gradient was clipped, and to what norm."""

import numpy as np

from collector.schema import GRAD_NORM
from diagnostics.run import Run

LEAST = 10  # gradient norms
# Of the highest but a few, and of the measurements: norms that are not cut differ from batch to batch.
ALIKE, NEARLY_ALL = 0.01, 0.95


def clipped_to(run: Run) -> float | None:
    """The norm that nearly every measured gradient has, as only clipping makes it; None where they differ."""
    norm = run[GRAD_NORM].finite().values if GRAD_NORM in run else np.empty(0)
    if len(norm) < LEAST:
        return None
    top = float(np.quantile(norm, NEARLY_ALL))
    return top if top > 0 and np.mean(np.abs(norm - top) <= ALIKE * top) >= NEARLY_ALL else None
