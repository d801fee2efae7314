"""What a loss gains per doubling of the sum of the learning rate."""

import numpy as np
import pytest

from collector.schema import LR, TRAIN_LOSS
from diagnostics import Curve, Run, synthetic
from diagnostics.stats.decay import gain_per_sum

STEPS = np.arange(1, 1001)


def cut(after: float, at: int = 200) -> Run:
    """A loss that falls by 0.1 per doubling of the sum of a rate that is cut to ``after`` of itself."""
    rate = np.where(at >= STEPS, 0.1, 0.1 * after)
    loss = 2 - 0.1 * np.log2(np.cumsum(rate))
    return synthetic.with_curves(synthetic.make(loss), Curve(LR, STEPS, rate))


@pytest.mark.parametrize("after", [1.0, 0.1, 0.01])
def test_the_gain_is_that_of_the_rate_whatever_its_cut(after):
    run = cut(after)
    gain, clarity = gain_per_sum(run, run[TRAIN_LOSS].where(STEPS > 250))
    assert gain == pytest.approx(0.1, rel=0.02)
    assert clarity > 10


def test_noise_alone_is_not_clear():
    run = cut(0.01)
    flat = Curve(TRAIN_LOSS, STEPS, synthetic.noisy(np.ones(1000), 0.05)).where(STEPS > 250)
    assert gain_per_sum(run, flat)[1] < 3


def test_a_rate_of_nothing_adds_nothing():
    run = cut(0.0)
    assert gain_per_sum(run, run[TRAIN_LOSS].where(STEPS > 250)) == (0, 0)
