"""How long a network took over the first thing there is to learn: how frequent each answer is."""

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics.run import Run
from diagnostics.stats.alike import alike
from diagnostics.stats.decay import made
from diagnostics.stats.level import end, start

LATE_EVALS = 6  # evaluations in the second half that agree to the last digit, below HALF: no network that tells examples apart does that
HALF = 0.5  # fraction right
SHOWS = 0.02  # of the start: a fall that shows when it came
# of the way: of the lab's runs that ended so, those with too low a rate took a seventh or more, those switched off by long steps, a decay or dropout an eighth or less
SLOW = 0.15
JUMP = (
    0.3  # of the start: a loss that was thrown up by as much and came down from there took as long for another reason
)


def first_lesson(run: Run) -> float | None:
    """The share of the way that half of validation's fall took, in a run that learned nothing else and ends by giving every example the same answer.

    The way is the sum of the learning rate, or of the steps. The last layer's biases alone learn it, whatever the layers below let through. None for a run that learned
    more, or nothing at all, whose loss was thrown up, or that is judged by fewer evaluations.
    """
    val = run.get(VAL_LOSS)
    curve = val.finite() if val is not None else None
    if curve is None or len(curve) < 2 * LATE_EVALS or not (alike(run) or _same_to_the_digit(run)):
        return None
    loss = run[TRAIN_LOSS].finite()
    first, last = max(start(curve), start(loss)), end(curve)
    if float(loss.values.max()) > (1 + JUMP) * first or first - last <= SHOWS * abs(first):
        return None
    half = int(np.argmax(curve.values <= (first + last) / 2))
    return float(made(run, curve)[half])


def _same_to_the_digit(run: Run) -> bool:
    seen = run.get(VAL_ACCURACY)
    right = seen.finite().values if seen is not None else np.empty(0)
    late = right[len(right) // 2 :]
    return late.size >= LATE_EVALS and bool(0 < late.min() == late.max() < HALF)
