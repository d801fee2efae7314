"""A loss that was lower once, rose, and stayed up."""

import numpy as np
import pytest

from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.stats.relapse import made_good, relapse, rising, stays_up


def _curve(values):
    return Curve("train/loss", np.arange(len(values)), np.asarray(values, float))


ROSE = np.r_[synthetic.falling(2.0, 0.5, steps=300), np.full(700, 1.0)]


def test_a_rise_is_measured_against_the_fall():
    seen = relapse(_curve(synthetic.noisy(ROSE, 0.02)))
    assert seen is not None
    assert seen.share == pytest.approx(1 / 3, abs=0.03)
    assert seen.best == pytest.approx(0.5, abs=0.03) and seen.last == pytest.approx(1.0, abs=0.03)
    assert 200 < seen.step < 320


def test_a_rise_inside_the_noise_is_none():
    little = np.r_[synthetic.falling(2.0, 0.5, steps=300), np.full(700, 0.502)]
    assert relapse(_curve(synthetic.noisy(little, 0.2))) is None


def test_a_rise_shorter_than_the_way_down_may_be_a_swing():
    assert relapse(_curve(synthetic.noisy(ROSE[:500], 0.02))) is None


@pytest.mark.parametrize("until, level, said", [(500, 1.5, False), (700, 1.5, True), (700, 0.9, False)])
def test_a_rise_of_much_of_the_fall_is_no_swing_once_it_is_as_old_as_the_fall_was_long(until, level, said):
    rose = np.r_[synthetic.falling(2.0, 0.5, steps=300), np.full(700, level)]
    assert stays_up(_curve(synthetic.noisy(rose[:until], 0.02))) is said


def test_few_points_say_nothing():
    assert relapse(_curve(ROSE[::50])) is None


def test_a_rise_that_no_level_shows_is_told_from_the_order_of_all():
    rng = np.random.default_rng(0)
    thrown = np.linspace(0.6, 1.2, 600) * np.exp(0.7 * rng.standard_normal(600))
    seen = relapse(_curve(np.r_[2.3, thrown]))
    assert seen is not None and 0.1 < seen.share < 0.6 and seen.best < seen.last
    assert relapse(_curve(np.r_[2.3, rng.permutation(thrown)])) is None
    assert rising(np.arange(20.0)) > 6 > 0 > rising(-np.arange(20.0))


@pytest.mark.parametrize("last, is_seen", [(1.4, True), (0.8, False)])
def test_a_late_rise_is_told_where_it_is_plain(last, is_seen):
    late = np.r_[synthetic.falling(2.0, 0.3, steps=600), np.full(400, last)]
    assert (relapse(_curve(synthetic.noisy(late, 0.02))) is not None) is is_seen
    assert relapse(_curve(synthetic.noisy(late[:680], 0.02))) is None


def test_a_rise_that_is_mostly_undone():
    learned = np.r_[synthetic.falling(2.0, 0.5, steps=300), synthetic.falling(2.0, 0.6, steps=700)]
    assert made_good(_curve(learned)) and not made_good(_curve(ROSE))
