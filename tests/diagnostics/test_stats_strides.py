"""How far single updates carry the weights."""

from dataclasses import replace

import numpy as np
import pytest

from diagnostics import synthetic
from diagnostics.stats.strides import gentle, shrunk, strides

LOSS = synthetic.falling()


def _run(ratio, lr=0.1):
    return synthetic.make(LOSS, lr=lr, update_ratio=ratio)


def test_first_tenth_and_rest_are_told_apart():
    seen = strides(_run(np.r_[3.0, np.full(99, 0.3), np.full(900, 0.02)]))
    assert seen is not None
    assert (seen.longest, seen.early, seen.later) == pytest.approx((3.0, 0.3, 0.02))
    assert seen.at == seen.first_step


def test_steps_at_a_low_rate_say_nothing():
    rate = 0.1 * (1 + np.cos(np.linspace(0, np.pi, 1000)))
    seen = strides(_run(0.01 * rate, rate))
    assert seen is not None
    assert seen.typical > 0.0013 > 0.01 * np.median(rate)
    assert seen.last_step < 700


def test_too_few_measurements_say_nothing():
    assert strides(synthetic.make(LOSS)) is None
    assert strides(_run(np.r_[np.full(4, 0.1), np.full(996, np.nan)])) is None


@pytest.mark.parametrize("ratio, is_gentle", [(1e-4, True), (np.r_[0.01, np.full(999, 1e-4)], False), (None, False)])
def test_gentle(ratio, is_gentle):
    assert gentle(_run(ratio)) == is_gentle


def test_weights_that_a_decay_takes_down_have_shrunk():
    run = synthetic.layered(synthetic.healthy(), np.ones(3))
    assert run.layers is not None and not shrunk(run)
    steps = run.layers["step"].to_numpy()
    less = run.layers.assign(weight_norm=np.exp(-3 * (steps - steps[0]) / (steps[-1] - steps[0])))
    assert shrunk(replace(run, layers=less))
    assert not shrunk(synthetic.healthy())
