"""Whether a loss has stopped falling."""

import numpy as np

from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.stats.standstill import gaining, surely_stuck


def _curve(values):
    return Curve("train/loss", np.arange(len(values)), np.asarray(values, float))


def test_a_loss_on_its_way_down_gains():
    loss = _curve(synthetic.noisy(synthetic.falling(pace=2.0), 0.02))
    assert gaining(loss) and not surely_stuck(loss)


def test_a_flat_end_is_stuck():
    loss = _curve(synthetic.noisy(synthetic.falling(2.3, 1.0, pace=100.0), 0.02))
    assert not gaining(loss) and surely_stuck(loss)


def test_noise_that_may_hide_a_gain_forbids_to_call_it_stuck():
    loss = _curve(synthetic.noisy(synthetic.falling(2.3, 2.0, pace=100.0), 0.3))
    assert not gaining(loss) and not surely_stuck(loss)
