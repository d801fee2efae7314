"""Where a curve stands: at its start, at its end, and between."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collector.schema import TRAIN_LOSS, UPDATE_RATIO, VAL_LOSS
from diagnostics.curve import Curve, Floats
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.noise import median, noise

END_SHARE = 0.1  # of the points: long enough to average the noise of a batch, short enough to be "the end"
SCALE = 3.0  # times validation: dropout and augmentation lift a training loss by less
FIRST_BATCHES, MOVED = (
    8,
    0.005,
)  # losses; update ratios summed up: so little of the weights, chosen by eye, is next to nothing
RARE = 0.01  # of the losses: a first that is so far out among those since is not one of them
ODD = 2.0  # noise widths: how far a single batch may well be from the level
BLOCKS = 40  # 2.5 % of a run each: the finest share of a run the rules speak of


@once
def start(curve: Curve) -> float:
    """The first finite value. Not an average: a good learning rate leaves the start within a few steps."""
    return float(curve.finite().values[0])


def before_training(run: Run) -> float:
    """The loss of the untouched network: validation's first value when it was measured before the first training loss.

    A log thinned to one row in ten, or to epochs, holds no training loss of the first step. A training loss that is summed where validation is
    averaged says nothing of it. Else it is the first training loss, or the mean of the first few where the weights had hardly moved.
    """
    seen = evaluated_before(run)
    return _of_first_batches(run) if seen is None else seen


@once
def _of_first_batches(run: Run) -> float:
    """The first training loss, or the mean of the first few where that is higher, as long as the weights had hardly moved.

    In a warmup, many batches see the untouched network, and the first may be an easy one.
    """
    loss, moves = run[TRAIN_LOSS].finite(), run.get(UPDATE_RATIO)
    steps = loss.steps[:FIRST_BATCHES]
    each = len(steps) == FIRST_BATCHES and steps[-1] - steps[0] == FIRST_BATCHES - 1
    if moves is None or not each or not np.array_equal(moves.steps[:FIRST_BATCHES], steps):
        return start(loss)
    moved = np.r_[0.0, np.cumsum(moves.values[: FIRST_BATCHES - 1])]  # before the step that a loss is of
    return max(start(loss), float(loss.values[:FIRST_BATCHES][moved <= MOVED].mean()))


@once
def surely_before_training(run: Run) -> float:
    """The same, or what it may have been at the most where a single batch tells it: one of eight examples may happen to have a tenth of the mean loss."""
    seen, loss = evaluated_before(run), run[TRAIN_LOSS].finite()
    late = loss.values[-(len(loss) // 4) :]
    if seen is not None:
        return seen
    if not (late > 0).all():
        return before_training(run) + ODD * noise(late)
    return before_training(run) * float(np.exp(ODD * noise(np.log(late))))


def as_low_since(curve: Curve) -> bool:
    """Whether values since are as low as the first, which was no other network's then."""
    values = curve.finite().values
    return bool((values[1:] <= values[0]).sum() > RARE * values.size)


def as_high_since(curve: Curve) -> bool:
    """The same, as high."""
    values = curve.finite().values
    return bool((values[1:] >= values[0]).sum() > RARE * values.size)


def evaluated_before(run: Run) -> float | None:
    """Validation's loss of the untouched network; None where it was first evaluated later, or is another loss than training's."""
    train, val = run[TRAIN_LOSS].finite(), run.get(VAL_LOSS)
    earlier = val is not None and len(val) > 0 and val.steps[0] < train.steps[0] and bool(np.isfinite(val.values[0]))
    return float(val.values[0]) if val is not None and earlier and not _summed(train, val.finite()) else None


def _summed(train: Curve, val: Curve) -> bool:
    """Whether training stands far above validation wherever both were measured."""
    beside = np.interp(val.steps[1:], train.steps, train.values)
    return beside.size > 1 and bool(np.median(beside) > SCALE * np.median(val.values[1:]) > 0)


@once
def end(curve: Curve, share: float = END_SHARE) -> float:
    """Median of the last ``share`` of the finite points, at least three."""
    values = curve.finite().values
    return median(values[-max(3, round(values.size * share)) :])


@dataclass(frozen=True)
class Blocks:
    """A curve in equal shares of its points.

    Attributes:
        curve: the finite points.
        steps: float64 [k], middle step of each block.
        levels: float64 [k], median of each block.
        error: standard error of a level.
    """

    curve: Curve
    steps: Floats
    levels: Floats
    error: float

    @property
    def best(self) -> float:
        """The lowest level."""
        return float(self.levels.min())


@once
def blocks(curve: Curve, count: int = BLOCKS) -> Blocks:
    """``curve``'s finite points in ``count`` blocks, fewer when there are not two points for each."""
    finite = curve.finite()
    parts = max(1, min(count, len(finite) // 2))
    levels, steps = by_part(np.median, finite.values, parts), by_part(np.mean, finite.steps, parts)
    # the standard error of a median is 1.25 times that of a mean
    error = 1.25 * noise(finite.values) / np.sqrt(max(1, len(finite) / parts))
    return Blocks(finite, steps, levels, float(error))


def by_part(statistic: Callable[..., Any], values: NDArray[Any], parts: int) -> Floats:
    """``statistic`` (of an array, along an axis) of each of ``parts`` equal shares of ``values`` [n]; the first are longer by one where needed."""
    size, longer = divmod(len(values), parts)
    split = longer * (size + 1)
    groups = values[:split].reshape(longer, size + 1), values[split:].reshape(parts - longer, size)
    return np.concatenate([np.asarray(statistic(group, axis=1), np.float64) for group in groups if len(group)])
