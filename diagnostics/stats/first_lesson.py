"""How long a network took over the first thing there is to learn: how frequent each answer is."""

import numpy as np

from collector.schema import TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics.curve import Floats
from diagnostics.run import Run
from diagnostics.stats.accuracy import RISE, accuracy
from diagnostics.stats.alike import alike
from diagnostics.stats.decay import made
from diagnostics.stats.level import end, start

LATE_EVALS = 6  # evaluations in the second half that agree to the last digit, below HALF: no network that tells examples apart does that
HALF = 0.5  # fraction right
COARSE, ROUNDED = 100, 1e-6  # parts of 1; and how near to whole they are
SHOWS = 0.02  # of the start: a fall that shows when it came
# of the way: all of the lab's runs that ended so and took longer, by short steps, had too low a rate (tests/benchmarks/test_bounds.py); those that long steps, a
# decay or dropout switched off took an eighth at most
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
    right = run[VAL_ACCURACY].finite().values if VAL_ACCURACY in run else np.empty(0)
    if (
        curve is None
        or len(curve) < 2 * LATE_EVALS
        or _coarse(right)
        or not (alike(run) or _same_to_the_digit(run, right))
    ):
        return None
    loss = run[TRAIN_LOSS].finite()
    first, last = max(start(curve), start(loss)), end(curve)
    if float(loss.values.max()) > (1 + JUMP) * first or first - last <= SHOWS * abs(first):
        return None
    half = int(np.argmax(curve.values <= (first + last) / 2))
    return float(made(run, curve)[half])


def _same_to_the_digit(run: Run, right: Floats) -> bool:
    """Whether as many of validation's examples are ``right`` at every late evaluation, and of training's not more."""
    late = right[len(right) // 2 :]
    if late.size < LATE_EVALS or not 0 < late.min() == late.max() < HALF:
        return False
    train = accuracy(run, TRAIN_ACCURACY)
    return train is None or train <= late[0] + RISE


def _coarse(right: Floats) -> bool:
    """Whether all of ``right`` are whole parts of COARSE or fewer: rounded, or of so few examples that they agree by chance."""
    parts = right[:, None] * np.arange(1, COARSE + 1)
    return right.size > 0 and bool((np.abs(parts - np.round(parts)) < ROUNDED).all(axis=0).any())
