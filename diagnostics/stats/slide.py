"""Whether validation slid down an even slope without a tremor, to the end: the mark of steps that are too short."""

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve, Floats
from diagnostics.run import Run
from diagnostics.stats.accuracy import at_chance
from diagnostics.stats.alike import alike
from diagnostics.stats.decay import made, wanes
from diagnostics.stats.held_back import held_back
from diagnostics.stats.level import end, start
from diagnostics.stats.noise import noise
from diagnostics.stats.plan import early

# times the fall of the second half that the first may bring, and the other way round: an exponential of one time constant has 1.6
BENDS, SAGS = 3.0, 1.5
UNEVEN = 6.0  # times the fall of the quarter that brought least: an exponential at BENDS has 5
# of the fall, the noise of validation: how far batches shake the weights grows with the rate; of the lab's sound runs that fall as evenly only one, of 19 losses, has less
SMOOTH = 0.003
# Where the rate has come down, a sound loss has levelled off, which is what a decay is for: the second half of the way brings less than REST, and a tremor was
# larger. Of the lab's runs with such schedules and updates that are short, where logged, all that pass have too low a rate or one that came down too early, which
# is told first.
REST, SHAKEN = 0.17, 0.01
SOLVED = 0.05  # of the start: a loss that got there is solved
LEAST_EVALS = 10  # evaluations, for a noise and four quarters
# While the run goes on: times the fall of the second half, evaluations, and of the start left. Any sound loss falls evenly for a while, but fast; of the lab's
# runs that are so even at some moment, so long and so little down, more than five in six have a rate too low (tests/benchmarks/test_bounds.py).
HARDLY_BENDS, MANY_EVALS, MOST_LEFT = 1.5, 15, 0.7


def slides(run: Run) -> bool:
    """Whether no step was long enough to change the slope, or to shake the weights.

    The slope is measured along the sum of the learning rate, where it was logged: a schedule bends the curve, and not what short steps do. Where the rate
    came down, the slope may bend at first, but for a setting that holds the network back, which bends it no less. Until a run has ended, nobody knows how much of
    the way is left: a rate that came down is not asked about, and one that is up is held to a straighter slope over more evaluations, which has not got far.
    """
    val = run.get(VAL_LOSS)
    curve = val.finite() if val is not None else None
    if curve is None or len(curve) < LEAST_EVALS:
        return False
    falls = _falls(curve, made(run, curve))
    if early(run):
        young = wanes(run) or len(curve) < MANY_EVALS or end(curve) <= MOST_LEFT * start(curve)
        return not young and _evenly(falls, HARDLY_BENDS) and tremor(curve) < SMOOTH
    slid = _evenly(falls) and tremor(curve) < SMOOTH
    went_on = wanes(run) and not held_back(run) and _to_the_last(falls) and tremor(curve) < SHAKEN
    return bool((slid or went_on) and end(curve) > SOLVED * start(curve))


def unshaken(run: Run) -> bool:
    """Whether validation was looked at often and from before the first step, never stood above its start, and came down without a tremor to more than one answer for all: no step threw the weights anywhere."""
    val = run.get(VAL_LOSS)
    curve = val.finite() if val is not None else None
    return (
        curve is not None
        and len(curve) >= MANY_EVALS
        and curve.steps[0] < run[TRAIN_LOSS].finite().steps[0]
        and float(curve.values.max()) <= start(curve)
        and tremor(curve) < SMOOTH
        and not (at_chance(run) or alike(run))
    )


def _evenly(falls: Floats, bends: float = BENDS) -> bool:
    first, second = falls[:2].sum(), falls[2:].sum()
    return bool(0 < falls.max() < UNEVEN * falls.min() and first < bends * second and second < SAGS * first)


def _to_the_last(falls: Floats) -> bool:
    rest = falls[1:]
    return bool(0 < rest.max() < UNEVEN * rest.min() and rest[1:].sum() > REST * falls.sum() > 0)


def tremor(curve: Curve) -> float:
    """The noise of ``curve`` as a share of its fall; infinite where it did not fall."""
    values = curve.finite().values
    fall = float(values[0]) - end(curve)
    return noise(values) / fall if fall > 0 else np.inf


def _falls(curve: Curve, done: Floats) -> Floats:
    """What each quarter of the way took off the loss, [4]; levels between are medians of the tenth of the points that is nearest."""
    tenth = max(1, len(curve) // 10)
    levels = [float(np.median(curve.values[np.argsort(np.abs(done - at))[:tenth]])) for at in (0.25, 0.5, 0.75)]
    return -np.diff([float(curve.values[0]), *levels, end(curve)])
