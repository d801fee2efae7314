"""Validation that stays the same number while the batches differ."""

import numpy as np

from diagnostics import synthetic
from diagnostics.stats.stillness import LAST_DIGIT, stillness

TRAIN = synthetic.noisy(synthetic.falling(2.3, 1.1, pace=200))
DEAD = np.r_[2.3, np.full(synthetic.STEPS - 1, np.float32(1.1))].astype(np.float64)


def test_a_dead_network_does_not_move():
    seen = stillness(synthetic.make(TRAIN, DEAD))
    assert seen is not None and seen.change <= LAST_DIGIT and seen.drift <= LAST_DIGIT


def test_a_living_one_does():
    seen = stillness(synthetic.make(TRAIN, synthetic.noisy(DEAD, 1e-4)))
    assert seen is not None and seen.change > 1e-5


def test_nothing_is_said_where_the_batches_do_not_differ_either():
    assert stillness(synthetic.make(synthetic.falling(2.3, 1.1, pace=200), DEAD)) is None


def test_nothing_is_said_of_a_log_that_rounds():
    assert stillness(synthetic.make(TRAIN, np.round(DEAD, 3))) is None


def test_nothing_is_said_without_validation_or_with_little_of_it():
    assert stillness(synthetic.make(TRAIN)) is None
    assert stillness(synthetic.make(TRAIN[:6], DEAD[:6])) is None


def test_falling_at_once_is_told_from_falling_fast():
    fast = synthetic.noisy(synthetic.falling(2.3, 1.1, pace=200))
    at_once = synthetic.noisy(np.r_[2.3, np.full(synthetic.STEPS - 1, 1.1)])
    assert not stillness(synthetic.make(fast, DEAD)).at_once
    assert stillness(synthetic.make(at_once, DEAD)).at_once


def test_half_of_a_fall_within_the_noise_is_done_at_once_by_chance():
    flat = synthetic.noisy(np.r_[2.3, 2.0, np.full(synthetic.STEPS - 2, 2.25)])
    assert not stillness(synthetic.make(flat, DEAD)).at_once
