"""How long a loss stood above that of the untouched network."""

import numpy as np
import pytest

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.stats.excursion import excursion

CALM = synthetic.falling(2.3, 1.0)


def _with_val(values):
    """Validation every 25 steps, the first before training."""
    run = synthetic.make(CALM)
    return synthetic.with_curves(run, Curve(VAL_LOSS, np.arange(0, 1000, 25), np.asarray(values, float)))


def test_training_thrown_far_above_its_start():
    seen = excursion(synthetic.make(np.r_[2.3, np.full(299, 9.0), np.full(700, 1.5)]))
    assert seen is not None and seen.tag == TRAIN_LOSS
    assert seen.share == pytest.approx(0.3, abs=0.03)


def test_validation_a_little_above_its_start_for_a_while():
    seen = excursion(_with_val(np.r_[2.3, np.full(10, 2.8), np.full(29, 1.5)]))
    assert seen is not None and seen.tag == VAL_LOSS
    assert (seen.share, seen.last_step) == (0.25, 250)


def test_validation_that_rises_late_overfits():
    assert excursion(_with_val(np.r_[np.linspace(2.3, 1.0, 20), np.linspace(1.0, 4.0, 20)])) is None


def test_a_run_that_falls_has_none():
    assert excursion(synthetic.healthy()) is None
    assert excursion(synthetic.make(CALM[::100])) is None
