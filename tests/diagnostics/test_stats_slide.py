"""Validation that slides down evenly."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import LR, RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import rules, synthetic
from diagnostics.curve import Curve
from diagnostics.stats.slide import slides, tremor

STEPS = np.arange(1, 1001)


def _run(val, lr=None, every=25, noise=0.0):
    """Validation ``val`` [1000], seen at every 25th step, under a noisy training loss."""
    run = synthetic.make(synthetic.noisy(np.asarray(val), 0.1), lr=lr)
    seen = np.asarray(val)[every - 1 :: every]
    seen = seen + noise * np.random.default_rng(0).standard_normal(len(seen))
    return synthetic.with_curves(run, Curve(VAL_LOSS, STEPS[every - 1 :: every], seen))


def _falling(pace):
    return 2.3 - 0.8 * (1 - np.exp(-pace * STEPS / 1000)) / (1 - np.exp(-pace))


@pytest.mark.parametrize("pace, is_slide", [(0.1, True), (1.5, True), (6.0, False), (-2.0, False)])
def test_an_even_slope_is_one_that_hardly_bends(pace, is_slide):
    assert slides(_run(_falling(pace))) == is_slide


def test_a_tremor_is_that_of_longer_steps():
    assert tremor(_run(_falling(1.0), noise=0.01)[VAL_LOSS]) > 0.005
    assert not slides(_run(_falling(1.0), noise=0.01))


def test_a_schedule_bends_the_curve_and_not_the_slope_along_its_sum():
    rate = 0.5 * (1 + np.cos(np.pi * STEPS / 1000))
    made = np.cumsum(rate) / rate.sum()
    run = _run(2.3 - 0.8 * made, lr=1e-4 * rate)
    assert slides(run)
    assert not slides(replace(run, curves={tag: c for tag, c in run.curves.items() if tag != LR}))


def test_it_takes_evaluations():
    even = _run(_falling(1.0))
    assert not slides(_run(_falling(1.0), every=125))
    assert not slides(replace(even, curves={TRAIN_LOSS: even[TRAIN_LOSS]}))


def test_while_a_run_goes_on_it_is_asked_for_as_long_as_the_rate_is_up():
    whole = _run(_falling(1.0), lr=1e-4)
    even = whole.until(500)
    rate = 0.5 * (1 + np.cos(np.pi * STEPS / 1000))
    spent = _run(2.3 - 0.8 * np.cumsum(rate) / rate.sum(), lr=1e-4 * rate)
    assert slides(even) and slides(spent)
    assert not slides(replace(spent, state=RUNNING)) and not slides(whole.until(300))
    assert not slides(
        replace(_run(_falling(2.5), lr=1e-4), state=RUNNING)
    )  # any sound loss bends like that for a while
    (found,) = rules.get("lr_too_low").check(even)
    assert found.message.endswith("so far.")


def test_it_is_told_as_a_rate_too_low_with_the_courses_step():
    (found,) = rules.get("lr_too_low").check(_run(_falling(1.0), lr=1e-4))
    assert found.remedies[0].parameter == "lr" and found.remedies[0].factor == pytest.approx(10)
