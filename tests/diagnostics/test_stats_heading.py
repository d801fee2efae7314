"""Where a loss was going."""

import numpy as np
import pytest

from collector.schema import TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.stats.heading import CAUTION, heading

STEPS = np.arange(1, 1001)


def _loss(values):
    return Curve(TRAIN_LOSS, STEPS, values)


def test_a_power_law_goes_on_at_the_share_of_its_exponent_that_is_believed():
    values = np.where(STEPS <= 250, 4.0 * STEPS**-0.3, 4.0 * 250**-0.3)
    seen = heading(_loss(values), 250)
    assert seen is not None
    assert seen.level == pytest.approx(4.0 * 250**-0.3 * 4 ** (-0.3 * CAUTION), rel=0.05)
    assert seen.clarity > 10 and 90 < seen.first_step < 110


@pytest.mark.parametrize("change", [lambda s: s + 5000, lambda s: s * 10])
def test_the_unit_of_the_step_is_nothing_to_it(change):
    values = 4.0 * STEPS**-0.3
    moved = heading(Curve(TRAIN_LOSS, change(STEPS), values), change(250))
    seen = heading(_loss(values), 250)
    assert seen is not None and moved is not None
    assert moved.level == pytest.approx(seen.level, rel=0.02)


def test_what_comes_later_is_not_looked_at():
    values = 4.0 * STEPS**-0.3
    noisy = np.where(STEPS > 250, 100.0, values)
    assert heading(_loss(values), 250) == heading(_loss(noisy), 250)


@pytest.mark.parametrize("values", [STEPS / 1000.0, -1.0 - STEPS**-0.3, STEPS**-0.3 - 1.0])
def test_a_loss_that_rises_or_is_below_nothing_has_no_heading(values):
    assert heading(_loss(np.asarray(values)), 250) is None


def test_too_few_points():
    assert heading(_loss(4.0 * STEPS**-0.3), 3) is None
