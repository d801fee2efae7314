"""The loss of the untouched network, and what stood above it."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.stats.untouched import ends_higher, lifted, recovered, time_above, untouched

THROWN = synthetic.noisy(np.r_[2.3, np.full(299, 3.0), np.full(700, 2.3)], 0.01)


def _known_before(run, first=2.3):
    """Validation was measured before the first step as well."""
    return synthetic.with_curves(run, Curve(VAL_LOSS, np.array([0, 500, 1000]), np.array([first, 2.5, 2.3])))


def test_a_first_epoch_that_was_thrown_up_is_held_to_a_guess():
    epochs = np.arange(1, 31)
    run = replace(synthetic.make(np.full(30, 2.8)), epochs=Curve("epoch", epochs, epochs.astype(float)))
    assert untouched(run) == 2.8
    assert untouched(replace(run, classes=10, loss="cross_entropy")) == pytest.approx(np.log(10))


def test_the_first_batch_says_what_it_was():
    run = replace(synthetic.make(np.full(1000, 2.8)), classes=10, loss="cross_entropy")
    assert untouched(run) == 2.8


def test_the_time_above_is_told_by_validation_alone():
    run = synthetic.make(THROWN)
    assert time_above(run) == 0.0
    assert time_above(_known_before(run)) == pytest.approx(0.3, abs=0.03)
    assert time_above(_known_before(run, first=3.1)) == 0.0


def test_a_loss_that_training_itself_lifts_was_not_thrown_up():
    falls = synthetic.noisy(synthetic.falling(3.0, 2.4), 0.01)  # dropout: above validation's start for most of the run
    run = _known_before(synthetic.make(falls))
    assert lifted(run) == falls[0]
    assert time_above(run) == 0.0


def test_validation_that_was_thrown_up_tells_of_a_first_batch_that_was_too():
    run = synthetic.make(np.full(1000, 2.5))
    steps = np.arange(0, 1001, 25)
    val = Curve(VAL_LOSS, steps, np.where((steps > 0) & (steps <= 600), 2.5, 2.3))
    assert time_above(synthetic.with_curves(run, val)) == pytest.approx(0.6, abs=0.05)


def test_ending_higher():
    assert ends_higher(synthetic.make(synthetic.noisy(np.linspace(2.0, 2.4, 1000), 0.01)))
    assert not ends_higher(synthetic.make(synthetic.noisy(np.full(1000, 2.0), 0.01)))


@pytest.mark.parametrize(
    "late, is_back", [([1.6, 1.2, 0.9], True), ([1.6, 1.2, 2.2], False), ([1.6, 1.2], False), ([2.2, 2.1, 2.0], False)]
)
def test_what_was_thrown_up_has_come_back_once_a_few_evaluations_are_far_below_the_start(late, is_back):
    values = np.array([2.3, 9.0, *late] if len(late) == 3 else late)
    run = synthetic.make(np.full(100, 2.3))
    assert recovered(synthetic.with_curves(run, Curve(VAL_LOSS, np.arange(len(values)) * 10, values))) is is_back
