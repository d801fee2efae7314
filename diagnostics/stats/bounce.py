"""How far the weights are thrown about: the jitter of a curve that has no sampling noise of its own."""

from dataclasses import dataclass

import numpy as np

from collector.schema import EXCESS_LOSS, TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve, Floats
from diagnostics.run import Run
from diagnostics.stats.level import BLOCKS, blocks, end, start
from diagnostics.stats.noise import noise

LEAST = 6  # evaluations in the second half of the run: their spread is known to three tenths
BEYOND = (
    1.7  # times the batches' own noise: the spread of twenty blocks is known to about a quarter, so three of its errors
)
FLOOR = 0.05  # of the fall: where less of it is left, the level that the jitter is a share of; what a decay brings is counted so in the lab as well
OF_LEVEL = "jitter as a share of the level, or of a twentieth of the fall"
OR_DRAWN = "Is validation measured on other examples each time? Then that is why, and no fault."
UNDAMPED = 0.5  # times the jitter of the third before: under a straight decay to 0 the last third has a third of it
LEAST_POINTS = 10  # training losses a block, to know what the batches alone would do to its level


@dataclass(frozen=True)
class Bounce:
    """Jitter between neighbouring evaluations in the second half of a run.

    Attributes:
        tag: the curve it was measured on.
        first_step, last_step: where.
        share: standard deviation of the jitter over the fall from start to end.
    """

    tag: str
    first_step: int
    last_step: int
    share: float


def jitter(run: Run, seen: Bounce) -> float:
    """``seen``'s jitter as a share of the level it is measured at, or of ``FLOOR`` of the fall where less is left."""
    curve = run[seen.tag].finite()
    fall = max(start(curve), start(run[TRAIN_LOSS])) - end(curve)
    return seen.share * fall / max(abs(end(curve)), FLOOR * fall)


def or_drawn(run: Run, tag: str) -> str:
    """A question, with a space before it, where the jitter of ``tag`` is all there is: nobody recorded how far the weights wander."""
    return "" if tag == TRAIN_LOSS or EXCESS_LOSS in run else f" {OR_DRAWN}"


def undamped(curve: Curve) -> bool:
    """Whether the last third of ``curve`` jumps from point to point as the third before does: a learning rate that comes down takes the jitter with it."""
    _, before, last = np.array_split(np.abs(np.diff(curve.finite().values, n=2)), 3)
    return bool(last.size and last.mean() > UNDAMPED * before.mean())


def bounce(run: Run) -> Bounce | None:
    """Measure the jitter of validation, or of the smoothed training loss when validation is too sparse.

    The validation set is the same each time, so what jumps are the weights. The training loss is averaged over blocks, and
    the sampling noise left in them is taken off. None when neither is long enough or nothing was learned.
    """
    val = run.get(VAL_LOSS)
    late = _second_half(val.finite()) if val is not None and len(val.finite()) else None
    if val is not None and late is not None and len(late) >= LEAST:
        return _share(run, val.finite(), late, _surely(late.values))
    averaged = blocks(run[TRAIN_LOSS])
    if len(averaged.curve) < LEAST_POINTS * BLOCKS:
        return None
    seen = noise(averaged.levels[len(averaged.levels) // 2 :])
    if seen < BEYOND * averaged.error:
        return _share(run, averaged.curve, _second_half(averaged.curve), 0.0)
    own = float(np.sqrt((seen - averaged.error) * (seen + averaged.error)))
    return _share(run, averaged.curve, _second_half(averaged.curve), own)


def _surely(values: Floats) -> float:
    """The jitter of few evaluations, on the low side: the smaller of two estimates, less the error of such a figure.

    The median of few differences is a rough figure; the plain standard deviation is a better one but for outliers.
    """
    plain = float(np.std(np.diff(values, n=2)) / np.sqrt(6))
    return float(min(noise(values), plain) * (1 - 1 / np.sqrt(len(values))))


def _second_half(curve: Curve) -> Curve:
    return curve.where(curve.steps >= (curve.steps[0] + curve.steps[-1]) / 2)


def _share(run: Run, curve: Curve, late: Curve, jitter: float) -> Bounce | None:
    """Over the fall from the higher first loss of the two: a log of epochs first meets validation when much is learned."""
    fall = max(start(curve), start(run[TRAIN_LOSS])) - end(curve)
    return Bounce(curve.tag, int(late.steps[0]), int(late.steps[-1]), jitter / fall) if fall > 0 else None
