"""How far a loss came where the noise of its batches is larger than that."""

import numpy as np
import pytest

from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.stats.progress import progress


def _from(first: float, val: np.ndarray, level: float = 1.0):
    """A training loss at ``level``, whose batches differ by a seventh, and began with ``first``."""
    train = synthetic.noisy(np.full(synthetic.STEPS, level), 0.14)
    train[0] = first
    return progress(synthetic.make(train, val), first)


def test_a_first_batch_within_the_noise_is_no_start_that_was_left():
    seen = _from(1.15, np.linspace(0.9, 0.899, synthetic.STEPS))
    assert seen.tag == "val/loss" and seen.share == pytest.approx(0.001, rel=0.1)


def test_a_first_loss_out_of_the_noise_was_left():
    seen = _from(2.0, np.linspace(0.9, 0.899, synthetic.STEPS))
    assert seen.tag == "train/loss" and seen.share == pytest.approx(0.5, abs=0.05)


def test_what_was_learned_before_the_first_evaluation_is_no_standstill():
    train = synthetic.noisy(1.0 + 0.2 * (np.arange(synthetic.STEPS) < 26), 0.14)
    later = Curve("val/loss", np.arange(25, 1001, 25), np.full(40, 0.9))
    run = synthetic.with_curves(synthetic.make(train), later)
    assert progress(run, float(train[0])).tag == "train/loss"


def test_without_validation_it_is_training_s():
    assert progress(synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 1.0), 0.14)), 1.15).tag == "train/loss"
