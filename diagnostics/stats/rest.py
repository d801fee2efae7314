"""Whether a loss that does not fall is at rest: neither on a slow way down, nor thrown up, nor waiting for a warmup to end."""

import numpy as np

from collector.schema import LR, TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.level import before_training, blocks, end, start
from diagnostics.stats.noise import noise
from diagnostics.stats.plateau import running_median

JUMP = 0.1  # of the start: a rise that no batch explains
STRAIGHT = 2.0  # times the fall of one half of the run over that of the other: a straight line has 1, the way out of a plateau 10
LEAST_EVALS = 8  # evaluations, whose noise is then known
DRIFT = 1e-3  # of the start: what a penalty on the weights takes off a loss at rest is less
LEAST_FALLS, NEARLY_ALL = 5, 0.9  # evaluations, and the share of them that are below the one before
CLEAR = 4.0  # noise widths that the fall must have to be called one


def trains_slowly(loss: Curve) -> bool:
    """A small fall that stands far out of the noise is slow learning, not a dead start."""
    return start(loss) - end(loss) > CLEAR * noise(loss.values) and end(loss) < end(
        loss.where(loss.steps <= np.median(loss.steps))
    )


def straight(run: Run, most: float = STRAIGHT) -> bool:
    """Both halves fall about alike, clear of the noise: short steps down a slope, not a place without one."""
    val = run.get(VAL_LOSS)
    curve = val if val is not None and len(val.finite()) >= LEAST_EVALS else run[TRAIN_LOSS]
    levels = blocks(curve)
    middle = len(levels.levels) // 2
    first, second = levels.levels[0] - levels.levels[middle], levels.levels[middle] - levels.levels[-1]
    return bool(min(first, second) > CLEAR * levels.error and max(first, second) < most * min(first, second))


def thrown_up(run: Run, loss: Curve, until: int) -> bool:
    """Whether the loss rose before ``until``, by more than its noise: then it was thrown up, not at rest."""
    rest = blocks(loss.where(loss.steps <= until))
    return bool(rest.levels.max() > (1 + JUMP) * before_training(run) + CLEAR * rest.error)


def comes_down(run: Run, until: int) -> bool:
    """Whether validation fell from one evaluation to the next before ``until``, though training did not show it.

    Steps of a sound length throw what can be moved about, the biases of the last layer say, so that validation of a network that learns nothing goes up as often
    as down: 40 to 60 % of the time in the lab's. Short ones carry it down a slope.
    """
    val = run.get(VAL_LOSS)
    seen = val.finite().values[val.finite().steps <= until] if val is not None else np.empty(0)
    if seen.size <= LEAST_FALLS or seen[0] - seen[-1] < DRIFT * abs(seen[0]):
        return False
    return bool(np.mean(np.diff(seen) < 0) >= NEARLY_ALL)


def jumped(loss: Curve, left: int) -> bool:
    """Whether the loss rose before it fell: then it was thrown up, not flat."""
    flat = running_median(loss.where(loss.steps <= left), 5).values
    return bool(flat.max() > start(loss) + JUMP * abs(start(loss)))


def warmed_up(run: Run, loss: Curve) -> int:
    """First step at half the peak learning rate: a flat loss before that is the warmup's."""
    lr = run.get(LR)
    if lr is None or not len(lr.finite()):
        return int(loss.steps[0])
    lr = lr.finite()
    return max(int(loss.steps[0]), int(lr.steps[np.argmax(lr.values >= lr.values.max() / 2)]))
