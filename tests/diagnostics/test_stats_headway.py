"""What a loss gains now, over its fall and over what is left of it."""

import numpy as np
import pytest

from diagnostics import synthetic
from diagnostics.stats.headway import LEAST_EVALS, headway

STEPS = np.arange(1, synthetic.STEPS + 1)
POWER = 4.0 * STEPS**-0.2


def test_a_power_law_loses_the_same_share_with_each_doubling():
    train, val = headway(synthetic.make(POWER, POWER))
    assert train.of_loss == pytest.approx(1 - 2**-0.2, rel=0.2) == val.of_loss
    assert train.of_fall == pytest.approx(train.of_loss * POWER[-1] / (POWER[0] - POWER[-1]), rel=0.2)


def test_what_is_sure_is_less_than_what_is_seen():
    one = headway(synthetic.make(synthetic.noisy(POWER)))[0]
    assert one.surely(2) < one.surely(0) < one.surely(-2)


def test_few_evaluations_leave_training_alone():
    run = synthetic.make(POWER, POWER).until(STEPS[-1] * (LEAST_EVALS - 2) // synthetic.EVALS)
    assert len(headway(run)) == 1


def test_a_flat_loss_has_no_headway():
    (one,) = headway(synthetic.make(np.zeros(100)))
    assert (one.of_fall, one.of_loss) == (0, 0)


def test_a_decayed_rate_is_read_over_the_sum_of_the_rates():
    """The same way down a slope, fetched with steps that get ten times shorter half way."""
    rate = np.where(STEPS <= 500, 0.1, 0.01)
    clock = np.cumsum(rate) / 0.1
    run = synthetic.make(4.0 * clock**-0.2, lr=rate)
    assert headway(run)[0].of_loss == pytest.approx(1 - 2**-0.2, rel=0.15)
