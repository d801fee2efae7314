"""How far single losses were flung above the start."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from collector.schema import TRAIN_LOSS
from diagnostics.curve import Floats
from diagnostics.run import Run
from diagnostics.stats.level import before_training, evaluated_before, surely_before_training
from diagnostics.stats.noise import noise
from diagnostics.stats.plateau import running_median

MANY = 8.0  # noise widths above the start: beyond six, normal noise does not get there in 10⁹ points
RARER = (
    1.5  # times the farthest other of the last quarter: batches of few rare events go far now and then; chosen by eye
)
FREAK = 5.0  # noise widths of the logarithms: normal noise does not get there in 10⁶ points
LEAST = 20  # losses, to know their noise
FEW = 3  # losses: as many high ones are no odd batch


@dataclass(frozen=True)
class Jump:
    """The highest training loss.

    Attributes:
        peak: that loss, and ``step``, where it was.
        height: the same over the loss of the untouched network.
        before: the lowest median of three losses in a row before it; infinite where there are fewer.
        often: the third highest over it, or over what it may have been at the most where a single batch tells it.
    """

    peak: float
    step: int
    height: float
    before: float
    often: float


def stands_out(run: Run, first: float) -> bool:
    """Whether the highest loss is farther above ``first`` than noise goes; a lone one, than any other of the last quarter, or of as many before it, is from the middle of them."""
    values = run[TRAIN_LOSS].finite().values
    count = max(LEAST, len(values) // 4)
    height, far = float(values.max()) - first, MANY * noise(values[-count:])
    if height <= far or (evaluated_before(run) is None and not _freak(values, count)):
        return False
    sure = max(first, surely_before_training(run))
    if len(values) >= FEW and float(sliding_window_view(values, FEW).min(axis=1).max()) - sure > far:
        return True  # so many in a row are no odd batch
    peak = int(np.argmax(values))
    others = np.r_[values[: max(peak - 1, 0)], values[peak + 2 :]][-count:]
    if others.size == 0:
        return True
    before = values[max(0, peak - count) : max(0, peak - 1)]
    as_far = max(_farthest(others), _farthest(before) if before.size >= LEAST else 0.0)
    return height > RARER * as_far


def _farthest(values: Floats) -> float:
    """How far the highest of ``values`` is from the middle of them."""
    return float(values.max() - np.median(values))


def _freak(values: Floats, count: int) -> bool:
    """Whether the highest is farther from the middle, by the logarithms where all have one, than a batch comes that is one of many that differ many-fold."""
    if not (values > 0).all():
        return True
    logs = np.log(values)
    width = max(noise(logs[-count:]), noise(logs[:count]))
    return float(logs.max() - np.median(logs[-count:])) > FREAK * width


def jump(run: Run) -> Jump | None:
    """Measure it; None where it does not stand out of the noise, or the start is no scale."""
    loss, first = run[TRAIN_LOSS].finite(), before_training(run)
    peak = float(loss.values.max())
    if first <= 0 or not stands_out(run, first):
        return None
    often = float(np.partition(loss.values, -min(FEW, len(loss)))[-min(FEW, len(loss))])
    at = int(np.argmax(loss.values))
    before = (
        float(running_median(loss.between(int(loss.steps[0]), int(loss.steps[at]) - 1), FEW).values.min())
        if at >= FEW
        else np.inf
    )
    return Jump(peak, int(loss.steps[at]), peak / first, before, often / surely_before_training(run))
