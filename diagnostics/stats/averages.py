"""The evaluation before the first step of a network with batch normalization, which is one of another network than is trained."""

from dataclasses import replace

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.level import ODD
from diagnostics.stats.noise import noise

LEAST = 20  # training losses, to know their noise
PARTED = 0.5  # of how far they were apart at first: what stays so is another loss, with a penalty on the weights or smoothed labels
LIFTED = 1.1  # times validation: dropout and batches differ by less at the first step


def without_untouched_averages(run: Run) -> Run:
    """``run`` without that evaluation, where it is one.

    Before the first step the averages of batch normalization are 0 and 1, and a signal that grows from layer to layer is passed on as if it did not. Once they
    are those of the data, validation comes up to what training began at, which looks as if the first steps had thrown it there.
    """
    train, val = run.get(TRAIN_LOSS), run.get(VAL_LOSS)
    if train is None or val is None or run.per_epoch(TRAIN_LOSS) or len(val) < 2 or not _lifted(train.finite(), val):
        return run
    return replace(run, curves={**run.curves, VAL_LOSS: val.where(val.steps > val.steps[0])})


def _lifted(train: Curve, val: Curve) -> bool:
    """Whether training began, at the first step, clearly above the evaluation before it, and validation came up to there, and stayed beside training."""
    if len(train) < LEAST or not 0 < int(train.steps[0]) - int(val.steps[0]) <= int(np.median(np.diff(train.steps))):
        return False
    first, before, after = float(train.values[0]), float(val.values[0]), float(val.values[1])
    if not first - ODD * noise(train.values) > LIFTED * before > 0 or not before < after <= first + ODD * noise(
        train.values
    ):
        return False
    beside = np.interp(val.steps[1:], train.steps, train.values) - val.values[1:]
    return float(np.nanmedian(beside)) < PARTED * (first - before)
