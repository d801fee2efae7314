import numpy as np
import pytest

from collector.schema import EXCESS_LOSS
from diagnostics import Curve, diagnose, synthetic
from diagnostics.stats.wandering import calm, wandering

LEVEL = np.r_[np.linspace(2.0, 1.0, 500), np.full(500, 1.0)]


def test_it_is_of_the_last_three_quarters_as_a_share_of_the_higher_loss():
    excess = np.r_[np.full(250, -1.0), np.full(750, 0.3)]
    seen = wandering(synthetic.make(LEVEL, excess_loss=excess))
    assert (seen.gain, seen.share, seen.first_step) == (pytest.approx(0.3), pytest.approx(0.3), 251)
    worse = wandering(synthetic.make(LEVEL, 1.5 * LEVEL, excess_loss=excess))
    assert worse.gain == pytest.approx(0.3) and worse.share == pytest.approx(0.2)


def test_where_next_to_nothing_of_the_loss_is_left_it_is_a_share_of_a_twentieth_of_the_fall():
    seen = wandering(synthetic.make(2.001 - LEVEL[::-1], excess_loss=0.01))
    assert seen.share == pytest.approx(0.01 / max(float((2.001 - LEVEL[::-1])[500:].mean()), 0.05), rel=1e-3)
    falls = np.r_[np.linspace(2.0, 1e-6, 500), np.full(500, 1e-6)]
    assert wandering(synthetic.make(falls, excess_loss=0.01)).share == pytest.approx(0.1, rel=1e-3)


def test_the_error_is_that_of_the_mean():
    jumps = np.random.default_rng(0).normal(0.1, 0.5, 1000)
    seen = wandering(synthetic.make(LEVEL, excess_loss=jumps))
    assert seen.error == pytest.approx(0.5 / 750**0.5, rel=0.1)


def test_two_errors_of_few_measurements_are_as_wide_as_student_says():
    run = synthetic.make(LEVEL, LEVEL)
    few = Curve(EXCESS_LOSS, np.arange(400, 1001, 200), np.array([0.1, 0.3, 0.1, 0.3]))
    seen = wandering(synthetic.with_curves(run, few))
    assert 2 * seen.error == pytest.approx(
        3.307 * np.std(few.values, ddof=1) / 2, rel=1e-3
    )  # t of 3 degrees at 2.275 %


@pytest.mark.parametrize("excess", [None, 1.5])
def test_what_was_not_recorded_and_what_is_no_share_of_the_loss_is_not_told(excess):
    assert wandering(synthetic.make(LEVEL, excess_loss=excess)) is None


def test_a_few_measurements_tell_no_error():
    run = synthetic.make(LEVEL, LEVEL)
    few = Curve(EXCESS_LOSS, np.arange(100, 1001, 200), np.full(5, 0.1))
    assert wandering(synthetic.with_curves(run, few)).share == pytest.approx(0.1)
    assert wandering(synthetic.with_curves(run, few.where(few.steps != 500))) is None
    lost = Curve(EXCESS_LOSS, few.steps, np.r_[few.values[:4], np.nan])
    assert wandering(synthetic.with_curves(run, lost)) is None


def test_of_a_loss_below_zero_it_is_a_share_of_the_fall():
    seen = wandering(synthetic.make(LEVEL - 3.0, excess_loss=0.1))
    assert seen.level == pytest.approx(-2.0) and seen.share == pytest.approx(0.1, rel=1e-3)


def test_a_loss_that_was_lost_at_once_has_none():
    assert wandering(synthetic.make(np.full(1000, np.nan), excess_loss=0.1)) is None


@pytest.mark.parametrize("share, is_calm", [(0.03, True), (0.3, False)])
def test_weights_that_wander_by_little_are_no_cause_of_a_jitter(share, is_calm):
    """Validation that is a batch drawn anew each time jumps by a third of itself."""
    level = synthetic.falling(2.3, 0.1, pace=40)
    val = level * (1 + 0.3 * np.random.default_rng(1).choice([-1.0, 1.0], 1000))
    run = synthetic.make(synthetic.noisy(level, 0.1), val, lr=0.1, excess_loss=share * level)
    assert calm(run, 0.03) is is_calm
    assert (diagnose(run).verdict in ("needs_decay", "lr_too_high")) is not is_calm
