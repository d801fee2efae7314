"""How far single losses were flung above the start."""

import numpy as np
import pytest

from diagnostics import diagnose, synthetic
from diagnostics.stats.jump import jump
from diagnostics.stats.level import before_training

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


def test_batches_of_few_rare_events_go_far_now_and_then():
    """A Poisson loss of four rows: seldom one of them has many events."""
    rng = np.random.default_rng(3)
    counts = rng.exponential(1.0, (2000, 4)) ** 2.5
    losses = np.r_[0.7, 0.95 + 0.1 * (counts.mean(1) - counts.mean())]
    run = synthetic.make(losses, lr=1e-5)
    assert losses.max() > 4 and jump(run) is None
    assert diagnose(run).verdict not in ("diverged", "lr_too_high")
    losses[500] = 40.0
    assert jump(synthetic.make(losses, lr=1e-5)) is not None


def test_in_a_warmup_many_batches_see_the_untouched_network():
    losses = np.r_[9.0, 14.0, 52.0, 45.0, 25.0, 53.0, 30.0, 19.0, synthetic.noisy(synthetic.falling(25.0, 3.0), 0.05)]
    barely = np.r_[np.full(8, 4e-4), np.full(1000, 0.01)]
    warmed = synthetic.make(losses, update_ratio=barely)
    assert before_training(warmed) == pytest.approx(losses[:8].mean())
    assert diagnose(warmed).verdict not in ("diverged", "lr_too_high")
    at_once = synthetic.make(losses, update_ratio=np.full(1008, 0.02))
    assert before_training(at_once) == 9.0, "the second loss is already another network's"
    assert before_training(synthetic.make(losses)) == 9.0, "nobody knows"
