"""A training loss that was hardly logged beside a validation loss that was: where training went between its points, as validation went."""

from dataclasses import replace

import numpy as np
from scipy.optimize import isotonic_regression

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve, Floats
from diagnostics.once import once
from diagnostics.rule import EPOCHS_ENOUGH, MIN_POINTS
from diagnostics.run import Run

OFTENER = 1.5  # evaluations a training loss: fewer show hardly more than the losses themselves


@once
def sketched(run: Run) -> Run:
    """``run`` with a training loss at every evaluation, where it is ``hardly_logged``: validation's, less what training was below it.

    Before the first step both are losses of the same network, and from then on training can only run ahead: how far below
    validation it stands is taken as growing, by pooling neighbours that say otherwise (isotonic regression), and as a straight
    line between its points. It is a share of validation where all losses are above 0, a difference else.
    """
    if not hardly_logged(run):
        return run
    train, val = run[TRAIN_LOSS], run[VAL_LOSS].finite()
    drawn = Curve(TRAIN_LOSS, val.steps, _beside(train, val), val.wall_time)
    return replace(run, curves={**run.curves, TRAIN_LOSS: drawn})


def hardly_logged(run: Run) -> bool:
    """Whether there are too few training losses for a verdict, all of them finite and one of them late, and enough evaluations."""
    train, val = run.get(TRAIN_LOSS), run.get(VAL_LOSS)
    if train is None or val is None or not 0 < len(train) < MIN_POINTS or not np.isfinite(train.values).all():
        return False
    enough = EPOCHS_ENOUGH if run.per_epoch(VAL_LOSS) else MIN_POINTS
    known = val.finite()
    return len(known) >= max(enough, OFTENER * len(train)) and bool(train.steps[-1] >= known.steps[len(known) // 2])


def _beside(train: Curve, val: Curve) -> Floats:
    """The training loss at the evaluations of ``val``."""
    there = np.interp(train.steps, val.steps, val.values)
    if min(train.values.min(), val.values.min()) > 0:
        shares: Floats = np.exp(_growing(np.log(train.values / there), train, val))
        return val.values * shares
    return val.values + _growing(train.values - there, train, val)


def _growing(ahead: Floats, train: Curve, val: Curve) -> Floats:
    """How far ``ahead`` training is at each evaluation, from 0 at the first: never above 0, never rising."""
    pooled: Floats = isotonic_regression(np.minimum(ahead, 0.0), increasing=False).x
    if train.steps[0] > val.steps[0]:
        return np.interp(val.steps, np.r_[val.steps[0], train.steps], np.r_[0.0, pooled])
    return np.interp(val.steps, train.steps, pooled)
