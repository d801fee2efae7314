"""How far a learning rate comes down."""

import numpy as np
import pytest

from diagnostics import synthetic
from diagnostics.stats.rates import CAREFUL, UNKNOWN, careful, family, highest, lower, peak


def _run(lr=0.1, **config):
    return synthetic.with_config(synthetic.make(synthetic.falling(), lr=lr), **config)


@pytest.mark.parametrize(
    "config, said",
    [
        ({"optimizer": "AdamW"}, "adam"),
        ({"optimizer": "torch.optim.Adam"}, "adam"),
        ({"optimizer": "sgd"}, "sgd"),
        ({"optimizer": "SGD", "momentum": 0.9}, "momentum"),
        ({"optimizer": "momentum"}, "momentum"),
        ({"optimizer": "something"}, None),
        ({"optimizer": None}, None),
        ({}, None),
    ],
)
def test_family_of_the_optimizer(config, said):
    assert family(_run(**config)) == said


def test_a_rate_within_practice_is_lowered_by_the_factor_asked_for():
    less = lower(_run(0.01), 0.1)
    assert less.factor == 0.1 and less.why == "" and "0.001" in less.to


@pytest.mark.parametrize("optimizer, rate", CAREFUL.items())
def test_a_rate_far_outside_practice_comes_back_into_it(optimizer, rate):
    less = lower(_run(30.0, optimizer=optimizer), 0.1)
    assert 30.0 * less.factor == pytest.approx(rate)
    assert "30" in less.why


def test_an_unknown_optimizer_gets_a_rate_that_suits_most():
    assert careful(_run()) == UNKNOWN
    assert highest(_run()) is None
    assert lower(_run(30.0), 0.1).factor == pytest.approx(UNKNOWN / 30)


def test_a_bound_of_the_callers():
    assert lower(_run(0.5), 0.01, 1e-4).factor == pytest.approx(2e-4)


def test_an_unknown_rate_leaves_the_factor():
    run = synthetic.make(synthetic.falling())
    assert lower(run, 0.1).factor == 0.1


def test_the_rate_is_the_one_the_schedule_began_from():
    assert lower(_run(np.linspace(1.0, 0.0, synthetic.STEPS)), 0.1).factor == pytest.approx(UNKNOWN)


def test_the_peak_is_the_highest_logged_rate_or_the_one_the_run_was_configured_with():
    unlogged = synthetic.make(synthetic.falling())
    assert peak(_run(np.linspace(0.3, 0.0, synthetic.STEPS))) == 0.3
    assert peak(synthetic.with_config(unlogged, lr=0.02)) == 0.02
    assert peak(synthetic.with_config(unlogged, learning_rate=0.03)) == 0.03
    assert peak(unlogged) is None
