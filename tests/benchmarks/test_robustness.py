"""The changes that mean nothing change what they say, and no verdict."""

import numpy as np
import pytest

from benchmarks.robustness import CHANGES, changed, verdicts
from collector.schema import LR, TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic


def test_every_curve_is_changed_alike():
    run = synthetic.with_epochs(synthetic.healthy(), 100)
    later = changed(run, CHANGES["steps × 7"])
    assert later.last_step == 7 * run.last_step
    assert later.epochs is not None and later.epochs.steps[-1] == 7 * run.epochs.steps[-1]
    assert len(changed(run, CHANGES["every second point"])[TRAIN_LOSS]) == len(run[TRAIN_LOSS]) / 2


def test_the_unit_of_the_loss_is_not_that_of_the_rate():
    run = synthetic.healthy()
    other = changed(run, CHANGES["loss × 3"])
    assert other[VAL_LOSS].values == pytest.approx(3 * run[VAL_LOSS].values)
    assert np.array_equal(other[LR].values, run[LR].values)


def test_a_sound_run_stays_sound():
    row = verdicts([synthetic.healthy()]).iloc[0]
    assert {row[name] for name in ("as logged", *CHANGES)} == {"healthy"}
