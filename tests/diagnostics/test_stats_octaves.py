"""What each doubling of the steps brought."""

import numpy as np
import pytest

from collector.schema import TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.stats.octaves import AHEAD, octaves

STEPS = np.arange(1, 4001)


def _seen(values: np.ndarray, steps: np.ndarray = STEPS):
    seen = octaves(Curve(TRAIN_LOSS, steps, values))
    assert seen is not None
    return seen


def test_a_loss_straight_over_the_log_of_the_step_brings_the_same_each_time():
    seen = _seen(5 - 0.3 * np.log2(STEPS))
    assert seen.last == pytest.approx(0.3, rel=0.01) and seen.before == pytest.approx(0.3, rel=0.01)
    assert seen.left == pytest.approx(AHEAD * 0.3, rel=0.05)


def test_a_loss_straight_over_the_step_brings_twice_as_much_each_time_and_no_more_is_believed():
    seen = _seen(5 - STEPS / 2000)
    assert seen.last / seen.before == pytest.approx(2, rel=0.02)
    assert seen.left == pytest.approx(AHEAD * seen.last)


def test_a_loss_that_comes_to_its_end_leaves_little():
    seen = _seen(1 + np.exp(-8 * STEPS / 4000))
    assert 0 < seen.left < 0.25 * seen.last


def test_a_loss_that_rises_leaves_nothing():
    assert _seen(1 + STEPS / 4000).left == 0.0


@pytest.mark.parametrize("change", [lambda s: s + 10_000, lambda s: s * 7])
def test_the_unit_of_the_step_is_nothing_to_it(change):
    values = 5 * STEPS**-0.2
    assert _seen(values, change(STEPS)).last == pytest.approx(_seen(values).last, rel=1e-9)


def test_too_few_points_in_a_doubling():
    assert octaves(Curve(TRAIN_LOSS, np.arange(8), np.linspace(2, 1, 8))) is None
