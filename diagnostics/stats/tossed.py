"""Whether validation jumps about above its start, in a run that learns nothing."""

from dataclasses import dataclass

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.run import Run
from diagnostics.stats.noise import noise

# of the start: what a rate adds to the loss of a guess by moving the biases of the last layer grows with it; of the lab's runs that never learned, those of a sound rate stay under 1.5e-3 but
# where a batch is small or a rate 3, and then are below the start as often as above
TOSSED = 2.5e-3
ABOVE_IT = 0.9  # of the evaluations
NEAR = 0.05  # of the start, that nine in ten stay within: what is thrown farther is told by that
LEAST_EVALS = 8  # evaluations, for a noise


@dataclass(frozen=True)
class Tossed:
    """The noise of validation as a ``share`` of its ``first`` value, from ``first_step`` to ``last_step``."""

    share: float
    first: float
    first_step: int
    last_step: int


def tossed(run: Run) -> Tossed | None:
    """Measure it; None where validation was not measured before training, too seldom, or does not stand above its start."""
    val = run.get(VAL_LOSS)
    seen = val.finite() if val is not None else None
    if seen is None or len(seen) < LEAST_EVALS or seen.steps[0] > run[TRAIN_LOSS].finite().steps[0]:
        return None
    first, later = float(seen.values[0]), seen.values[1:]
    if first <= 0 or np.mean(later > first) < ABOVE_IT or np.quantile(later, ABOVE_IT) > (1 + NEAR) * first:
        return None
    return Tossed(noise(later) / first, first, int(seen.steps[0]), int(seen.steps[-1]))
