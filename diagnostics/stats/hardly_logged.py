"""A training loss that was hardly logged beside a validation loss that was: where training went between its points, as validation went."""

from dataclasses import replace

import numpy as np
from scipy.optimize import isotonic_regression

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve, Floats
from diagnostics.once import once
from diagnostics.rule import MIN_POINTS, enough
from diagnostics.run import Run
from diagnostics.stats.level import SCALE
from diagnostics.stats.noise import noise

EVALUATIONS = 12  # a quarter of the faults pass for healthy then, more with fewer: benchmarks.hardly_logged
FAR_OFTENER = 3.0  # evaluations a training loss, where a verdict could be given on these
EARLY, LATE = 0.1, 0.9  # of the run
SOON = 0.02  # of the run, chosen by eye: most of the lab's thinned runs that seemed never to have left a later first loss had begun well
# of validation beside the last training loss, and noise widths: where it rose by more since, nobody knows whether training did
RISEN, CLEAR = 0.05, 2.0
FEW = 3  # evaluations
LIKE = 1.1  # times: shares that differ by less are one, as of a sum beside a mean
LEAST_SHARE = 1e-6  # of validation: training that is solved


@once
def sketched(run: Run) -> Run:
    """``run`` with a training loss at every evaluation, where it is ``hardly_logged``: validation's, less what training was below it.

    Before the first step both are losses of the same network, and from then on training can only run ahead: how far below
    validation it stands is taken as growing, by pooling neighbours that say otherwise (isotonic regression), and as a straight
    line between its points. It is a share of validation, on a log scale, where no loss is below 0; a difference else.
    """
    if not hardly_logged(run):
        return run
    train, val = run[TRAIN_LOSS], run[VAL_LOSS].finite()
    drawn = Curve(TRAIN_LOSS, val.steps, _beside(train, val), val.wall_time)
    return replace(run, curves={**run.curves, TRAIN_LOSS: drawn}, sketched=True, means=run.means | {TRAIN_LOSS})


def hardly_logged(run: Run) -> bool:
    """Whether there are too few training losses for a verdict, and enough evaluations that go with them."""
    train, val = run.get(TRAIN_LOSS), run.get(VAL_LOSS)
    if train is None or val is None or not np.isfinite(train.values).all():
        return False
    known = val.finite()
    return (
        len(known) >= EVALUATIONS
        and _rarely(run, train, known)
        and _to_the_end(run, train, known)
        and _go_together(train, known)
    )


def began_unseen(run: Run) -> bool:
    """Whether losses are known only as means, or from evaluations, of which the first came late: what was learned before is not known."""
    if TRAIN_LOSS not in run.means:  # a sketch is of means as well
        return False
    known = (run[tag].finite().steps for tag in (TRAIN_LOSS, VAL_LOSS) if tag in run)
    return min((int(steps[0]) for steps in known if steps.size), default=0) > SOON * run.last_step


def _rarely(run: Run, train: Curve, val: Curve) -> bool:
    """Whether there are too few training losses; where a verdict could be given on them, evaluations must be far more."""
    if not 0 < len(train) < MIN_POINTS:
        return False
    return len(train) < enough(run, TRAIN_LOSS) or len(val) >= FAR_OFTENER * len(train)


def _to_the_end(run: Run, train: Curve, val: Curve) -> bool:
    """Whether the evaluations go on to the end, a training loss stands in their later half, and one after the lowest where they have risen since the last."""
    first, last = int(val.steps[0]), run.last_step
    if val.steps[-1] < first + LATE * (last - first) or train.steps[-1] < val.steps[len(val) // 2]:
        return False
    return bool(train.steps[-1] > val.steps[np.argmin(val.values)]) or not _risen_since(train, val)


def _risen_since(train: Curve, val: Curve) -> bool:
    """Whether validation rose after the last training loss."""
    after = val.values[val.steps > train.steps[-1]]
    then = float(np.interp(train.steps[-1], val.steps, val.values))
    allowed = RISEN * abs(then) + CLEAR * noise(val.values)
    return after.size >= FEW and float(np.median(after[-FEW:])) - then > allowed


def _go_together(train: Curve, val: Curve) -> bool:
    """Whether training is nowhere far above validation, as one that was thrown up or is a sum, nor far below it from the beginning or always by the same."""
    there = np.interp(train.steps, val.steps, val.values)
    if not (there > 0).all() or (train.values < 0).any():
        return True
    shares = train.values / there
    first = train.steps[0] <= val.steps[0] + EARLY * (val.steps[-1] - val.steps[0])
    below = shares[0] < 1 / SCALE and (first or (len(shares) > 1 and shares.max() < LIKE * shares.min()))
    return bool(shares.max() <= SCALE) and not below


def _beside(train: Curve, val: Curve) -> Floats:
    """The training loss at the evaluations of ``val``; by what these rose since the last, it is not taken to have followed."""
    there, values = np.interp(train.steps, val.steps, val.values), val.values
    if _risen_since(train, val):
        values = np.where(val.steps > train.steps[-1], np.minimum(values, there[-1]), values)
    if (val.values > 0).all() and (train.values >= 0).all():
        shares: Floats = np.exp(_growing(np.log(np.maximum(train.values / there, LEAST_SHARE)), train, val))
        return values * shares
    return values + _growing(train.values - there, train, val)


def _growing(ahead: Floats, train: Curve, val: Curve) -> Floats:
    """How far ``ahead`` training is at each evaluation, from 0 at the first: never above 0, never rising."""
    pooled: Floats = isotonic_regression(np.minimum(ahead, 0.0), increasing=False).x
    if train.steps[0] > val.steps[0]:
        return np.interp(val.steps, np.r_[val.steps[0], train.steps], np.r_[0.0, pooled])
    return np.interp(val.steps, train.steps, pooled)
