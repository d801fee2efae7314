"""How far single losses were flung above the start."""

import numpy as np
import pytest

from diagnostics import synthetic
from diagnostics.stats.jump import jump

FALLING = synthetic.falling(2.0, 0.2)


def _with(*high):
    values = FALLING.copy()
    values[10 : 10 + len(high)] = high
    return synthetic.make(values)


def test_an_odd_batch_is_high_but_not_often():
    seen = jump(_with(20.0))
    assert seen is not None
    assert seen.height == pytest.approx(10) and seen.often <= 1
    assert (seen.peak, seen.step) == (20.0, 11)


def test_three_high_losses_are_no_odd_batch():
    seen = jump(_with(20.0, 12.0, 10.0, 2.0))
    assert seen is not None and seen.often == pytest.approx(5)


def test_noise_is_no_jump():
    assert jump(synthetic.make(synthetic.noisy(np.ones(1000), 0.1))) is None


def test_a_loss_below_nothing_has_no_scale():
    assert jump(synthetic.make(FALLING - 3.0)) is None


def test_an_easy_first_batch_is_no_scale_where_batches_differ_manyfold():
    shaken = 0.1 * np.exp(0.7 * np.random.default_rng(0).standard_normal(200))
    seen = jump(synthetic.make(np.r_[0.05, 0.9, 0.8, 0.7, shaken]))
    assert seen is not None and seen.height > 10 > 4 > seen.often
