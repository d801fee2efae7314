"""A loss that is not meant to fall: nothing is said of a divergence or of a rate, at the end or on the way."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import RUNNING, VAL_LOSS
from diagnostics import diagnose, synthetic
from diagnostics.curve import Curve
from diagnostics.stats.games import may_be_a_game, played
from diagnostics.stats.thrown import thrown

FAULTS = ("diverged", "lr_too_high", "lr_too_low")


def generator(highest: float):
    """From 0.75 up by and by, about where it began at the end, and never evaluated."""
    t = np.linspace(0, 1, 1000)
    values = 0.75 + (highest - 0.75) * np.sin(np.pi * t) ** 2 + 0.05 * t
    return synthetic.make(synthetic.noisy(values, 0.02), lr=1e-3)


def critic():
    """Of a Wasserstein distance: below 0 by and by, up above 0 and down again."""
    values = np.interp(np.linspace(0, 1, 1000), [0, 0.3, 0.5, 0.7, 1], [-0.2, -0.9, 0.9, -0.3, -1.0])
    return synthetic.make(values + 0.02 * np.random.default_rng(0).standard_normal(1000), lr=1e-4)


@pytest.mark.parametrize("highest, is_thrown", [(1.3, False), (3.0, True)])
def test_a_loss_that_nobody_evaluated_and_that_stays_near_its_start_may_be_that_of_a_game(highest, is_thrown):
    run = generator(highest)
    assert (thrown(run) is not None) is is_thrown
    evaluated = synthetic.with_curves(run, Curve(VAL_LOSS, np.array([0]), np.array([0.75])))
    assert thrown(evaluated) is not None
    assert is_thrown or diagnose(run).verdict not in FAULTS


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("make", [lambda: generator(1.3), critic])
def test_while_it_goes_on_as_well(make, share):
    run = replace(make().until(round(1000 * share)), state=RUNNING)
    assert diagnose(run).verdict not in FAULTS


def test_a_loss_below_0_that_nobody_evaluated_may_be_a_critics():
    run = critic()
    assert may_be_a_game(run, run["train/loss"])
    evaluated = synthetic.with_curves(run, Curve(VAL_LOSS, np.array([0]), np.array([-0.2])))
    assert not may_be_a_game(evaluated, run["train/loss"])


def test_short_updates_tell_of_a_low_rate_only_where_the_loss_did_not_rise():
    flat = synthetic.make(synthetic.noisy(np.linspace(0.75, 0.745, 1000), 0.02), lr=1e-6, update_ratio=1e-6)
    rose = synthetic.make(generator(1.3)["train/loss"].values, lr=1e-6, update_ratio=1e-6)
    assert not played(flat) and diagnose(flat).verdict == "lr_too_low"
    assert played(rose) and diagnose(rose).verdict not in FAULTS
