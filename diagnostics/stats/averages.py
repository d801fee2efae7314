"""The evaluation before the first step of a network with batch normalization, which is one of another network than is trained."""

from dataclasses import replace

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.level import ODD
from diagnostics.stats.noise import noise

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
    """Whether training began, at the first step, clearly above the evaluation before it, and validation came up from there."""
    if not len(train) or int(train.steps[0]) - int(val.steps[0]) != 1:
        return False
    least = float(train.values[0]) - ODD * noise(train.values)
    return least > LIFTED * float(val.values[0]) > 0 and float(val.values[1]) > float(val.values[0])
