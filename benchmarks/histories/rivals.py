"""The one-line rules of the field, to stand beside ours."""

import numpy as np
import pandas as pd

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import Run

PATIENCE = 3  # epochs, the default of Lightning


def smoothed(run: Run) -> bool:
    """The mean of the last 5 % of validation is over 1.05 times its smoothed minimum, and training is lower than there."""
    train, val = run[TRAIN_LOSS].values, run[VAL_LOSS].values
    window, late = max(3, len(val) // 20), max(1, len(val) // 20)
    smooth = pd.Series(val).rolling(window, center=True, min_periods=1).mean().to_numpy()
    best = int(np.argmin(smooth))
    return bool(val[-late:].mean() > 1.05 * smooth[best] and train[-late:].mean() < train[best])


def spearman(run: Run) -> bool:
    """Training and validation loss go opposite ways: rank correlation under zero (OverfitGuard's simplest rival)."""
    ranks = [pd.Series(run[tag].values).rank() for tag in (TRAIN_LOSS, VAL_LOSS)]
    return bool(ranks[0].corr(ranks[1]) < 0)


def patience(run: Run) -> bool:
    """Validation has not improved for ``PATIENCE`` epochs somewhere: early stopping would have stopped."""
    val = run[VAL_LOSS].values
    best = np.maximum.accumulate(-val)
    last = np.maximum.accumulate(np.where(-val >= best, np.arange(len(val)), 0))
    return bool((np.arange(len(val)) - last).max() >= PATIENCE)


RIVALS = {"smoothed rule": smoothed, "Spearman < 0": spearman, "patience 3": patience}
