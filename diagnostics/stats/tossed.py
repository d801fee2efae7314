"""Whether validation jumps about above its start, in a run that learns nothing."""

from dataclasses import dataclass

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.accuracy import at_chance
from diagnostics.stats.alike import alike
from diagnostics.stats.noise import noise
from diagnostics.stats.pretrained import pretrained
from diagnostics.stats.small_weights import no_measure

# of the start: what a rate adds to the loss of a guess by moving the biases of the last layer grows with it; of the lab's runs that never learned, those of a sound rate stay under 1.5e-3 but
# where a batch is small or a rate 3, and then are below the start as often as above
TOSSED = 2.5e-3
ABOVE_IT = 0.9  # of the evaluations
NEAR = 0.05  # of the start, that nine in ten stay within: what is thrown farther is told by that
LEAST_EVALS, LEAST_LOSSES = 8, 20  # evaluations, for a noise; losses, to say that nothing was learned


@dataclass(frozen=True)
class Tossed:
    """The noise of validation as a ``share`` of its ``first`` value, from ``first_step`` to ``last_step``."""

    share: float
    first: float
    first_step: int
    last_step: int


def tossed(run: Run) -> Tossed | None:
    """Measure it; None where validation was not measured before training, too seldom, or does not stand above its start.

    None as well while the run goes on, when it may be a plateau, of weights that are no measure, and where accuracies show that something is known.
    """
    if run.state == RUNNING or no_measure(run) or pretrained(run):
        return None
    val = run.get(VAL_LOSS)
    seen = val.finite() if val is not None else None
    if seen is None or len(seen) < LEAST_EVALS or not _before(run, seen):
        return None
    if VAL_ACCURACY in run and not (alike(run) or at_chance(run)):
        return None
    first, later = float(seen.values[0]), seen.values[1:]
    if first <= 0 or np.mean(later > first) < ABOVE_IT or np.quantile(later, ABOVE_IT) > (1 + NEAR) * first:
        return None
    return Tossed(noise(later) / first, first, int(seen.steps[0]), int(seen.steps[-1]))


def _before(run: Run, val: Curve) -> bool:
    """Whether validation was measured before the first step: where both begin at step 0, training must be logged more often, or the two are of the end of an epoch."""
    loss = run[TRAIN_LOSS].finite()
    if len(loss) < LEAST_LOSSES or run.per_epoch(TRAIN_LOSS):
        return False
    first = int(val.steps[0])
    return first < loss.steps[0] or (first == loss.steps[0] == 0 and len(loss) > 2 * len(val))
