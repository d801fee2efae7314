"""What the learning rate did: when it fell for good, and whether it is spent."""

from dataclasses import dataclass

import numpy as np

from collector.schema import LR, TRAIN_LOSS
from diagnostics.curve import Curve, Floats, Ints
from diagnostics.run import Run

HEIGHT = 0.8  # of the peak: where a cosine has done 30 % of the run
LOW = 1 / 3  # of the peak: the smallest decay in common use is 0.5, the usual step 0.1
GROUPS, LEAST = 10, 5  # means a line is fitted through, as in stats.trend; and the fewest that give it an error
DEAD, DEAD_BY = 1e-3, 0.15  # of the peak, and of the run: no schedule in use comes down so far so soon
SPENT = 0.1  # of the peak: below a tenth a schedule is near its end, and going on brings little


@dataclass(frozen=True)
class Decay:
    """The learning rate's fall below ``LOW`` of its peak, not to return.

    Attributes:
        step: last step before the fall.
        peak: the highest learning rate.
        before, after: the learning rate at ``step`` and at the end of the run.
    """

    step: int
    peak: float
    before: float
    after: float


def decay(run: Run) -> Decay | None:
    """The fall of ``optim/lr``, or None when it was not logged or stayed up."""
    lr = run.get(LR)
    lr = lr.finite() if lr is not None else None
    if lr is None or len(lr) < 2 or lr.values.max() <= 0:
        return None
    peak = float(lr.values.max())
    high = np.flatnonzero(lr.values >= LOW * peak)
    if high[-1] == len(lr) - 1:
        return None
    return Decay(int(lr.steps[high[-1]]), peak, float(lr.values[high[-1]]), float(lr.values[-1]))


def died_away(run: Run) -> int | None:
    """The last step before the rate was below ``DEAD`` of its peak for good, where that was within ``DEAD_BY`` of the run; else None.

    So it is where a scheduler that counts epochs was stepped after every batch.
    """
    lr, loss = run.get(LR), run[TRAIN_LOSS].finite()
    lr = lr.finite() if lr is not None else None
    if lr is None or not len(lr) or lr.values.max() <= 0:
        return None
    last = int(lr.steps[np.flatnonzero(lr.values >= DEAD * lr.values.max())[-1]])
    return last if last - loss.steps[0] <= DEAD_BY * (run.last_step - loss.steps[0]) else None


def wanes(run: Run) -> bool:
    """Whether the learning rate ever fell below ``LOW`` of its peak after it, as decays and cycles do."""
    lr = run.get(LR)
    lr = lr.finite() if lr is not None else None
    if lr is None or not len(lr):
        return False
    after = lr.values[int(np.argmax(lr.values)) :]
    return bool(after.min() < LOW * lr.values.max())


def coming_down(run: Run) -> bool:
    """Whether a schedule is bringing the learning rate down: lower than it was a tenth of the logged rates ago, which was lower than another tenth before."""
    lr = run.get(LR)
    values = lr.finite().values if lr is not None else np.empty(0)
    tenth = len(values) // 10
    return tenth > 0 and bool(values[-1] < values[-1 - tenth] < values[-1 - 2 * tenth])


def at_height(run: Run) -> Run:
    """The run as it stood when its learning rate was last within a fifth of its peak; itself where that is its end or no rate was logged."""
    lr = run.get(LR)
    lr = lr.finite() if lr is not None else None
    if lr is None or not len(lr):
        return run
    return run.until(int(lr.steps[np.flatnonzero(lr.values >= HEIGHT * lr.values.max())[-1]]))


def spent(run: Run) -> bool:
    """Whether the learning rate ended at or below ``SPENT`` of its peak."""
    fall = decay(run)
    return fall is not None and fall.after <= SPENT * fall.peak * (1 + 1e-6)  # a rate cut to exactly a tenth counts


def sums(run: Run, steps: Ints) -> Floats:
    """The sum of the learning rate by each of ``steps`` [n]; the run must have one."""
    rate = run[LR].finite()
    known = np.r_[min(0, rate.steps[0]), rate.steps]
    return np.interp(steps, known, np.r_[0.0, np.cumsum(np.diff(known) * rate.values)])


def known_rate(run: Run) -> bool:
    """Whether the learning rate was logged as a number."""
    return LR in run and len(run[LR].finite()) > 0


def made(run: Run, curve: Curve) -> Floats:
    """The share of the way [n] that each point of ``curve`` had behind it: of the sum of the rate, or of the steps where none was logged."""
    way = sums(run, curve.steps) if known_rate(run) else curve.steps.astype(np.float64)
    length = way[-1] - way[0]
    return (way - way[0]) / length if length > 0 else np.zeros(len(curve))


def gain_per_sum(run: Run, curve: Curve) -> tuple[float, float]:
    """What ``curve`` falls by per doubling of the sum of the learning rate, and that in standard errors; 0, 0 where the rate adds nothing.

    A loss that falls for as long as the steps are long falls about evenly by this measure, however the rate is cut.
    """
    parts = np.array_split(np.arange(len(curve)), max(1, min(GROUPS, len(curve))))
    done = np.log2([sums(run, curve.steps[part]).mean() for part in parts])
    level = np.array([curve.values[part].mean() for part in parts])
    if len(parts) < LEAST or not np.isfinite(done).all() or np.ptp(done) == 0:
        return 0.0, 0.0
    done = done - done.mean()
    slope = float((done * level).sum() / (done**2).sum())
    rest = level - level.mean() - slope * done
    error = float(np.sqrt((rest**2).sum() / (len(parts) - 2) / (done**2).sum()))
    return -slope, abs(slope) / error if error > 0 else np.inf
