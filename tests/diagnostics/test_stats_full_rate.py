"""A curve over the distance that the schedule let the weights go."""

import numpy as np
import pytest

from collector.schema import TRAIN_LOSS
from diagnostics import synthetic
from diagnostics.stats.full_rate import FINE, at_full_rate


def _steps(lr):
    run = synthetic.make(synthetic.falling(), lr=lr)
    return at_full_rate(run, run[TRAIN_LOSS]).steps / FINE


def test_a_constant_rate_leaves_the_steps_as_they_are():
    assert np.diff(_steps(0.1)) == pytest.approx(1)


def test_steps_at_a_tenth_count_a_tenth():
    steps = _steps(np.where(np.arange(1000) < 500, 0.1, 0.01))
    assert steps[499] - steps[0] == pytest.approx(499) and steps[-1] - steps[500] == pytest.approx(49.9)


def test_a_loss_on_a_straight_slope_falls_evenly():
    rate = 1 + np.cos(np.linspace(0, np.pi, 1000))
    run = synthetic.make(5.0 - np.r_[0.0, np.cumsum(rate)[:-1]] / 400, lr=rate)
    even = at_full_rate(run, run[TRAIN_LOSS])
    assert np.corrcoef(even.steps, even.values)[0, 1] == pytest.approx(-1)


def test_without_a_rate_the_curve_stays():
    run = synthetic.make(synthetic.falling())
    assert at_full_rate(run, run[TRAIN_LOSS]).steps.tolist() == run[TRAIN_LOSS].steps.tolist()
