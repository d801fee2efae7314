"""Evidence that a loss has turned up gathers with each evaluation."""

import numpy as np
import pytest

from collector.schema import VAL_LOSS
from diagnostics import Curve
from diagnostics.rules.overfitting import ENOUGH
from diagnostics.stats.climb import climb


def evidence(values) -> float:
    return climb(Curve(VAL_LOSS, np.arange(len(values)), np.asarray(values, float)))


def noisy(values, share: float, seed: int = 0):
    return values * (1 + share * np.random.default_rng(seed).standard_normal(len(values)))


FALL = 0.5 + 1.8 * np.exp(-np.arange(20) / 3)


@pytest.mark.parametrize("count", [10, 40, 400])
def test_noise_alone_rarely_gathers_enough(count):
    found = [evidence(noisy(np.ones(count), 0.03, seed)) > ENOUGH for seed in range(200)]
    assert np.mean(found) <= 0.05


def test_two_evaluations_far_above_are_enough_and_one_is_not():
    assert evidence(np.r_[FALL, 0.8]) <= ENOUGH
    assert evidence(np.r_[FALL, 0.8, 0.9]) > 0.75 * ENOUGH
    assert evidence(np.r_[FALL, 0.8, 0.9, 1.0]) > ENOUGH


def test_a_single_spike_is_not_enough_however_high():
    assert evidence(np.r_[FALL, 50.0, FALL[-1], FALL[-1]]) < ENOUGH


def test_a_slow_rise_within_the_noise_of_points_gathers_in_the_end():
    rising = 0.5 * (1 + 0.002 * np.arange(80))
    said = [n for n in range(5, 81) if evidence(np.r_[FALL, noisy(rising, 0.01)[:n]]) > ENOUGH]
    assert 10 < said[0] < 40 and len(said) == 81 - said[0]  # and is not taken back


def test_coming_back_takes_the_evidence_away():
    risen = np.r_[FALL, np.linspace(0.5, 0.7, 10)]
    assert evidence(risen) > ENOUGH
    assert evidence(np.r_[risen, np.linspace(0.7, 0.45, 5)]) < ENOUGH  # a new lowest
    assert evidence(np.r_[risen, np.full(40, 0.503)]) < ENOUGH  # no new lowest, but none the worse


def test_a_rise_after_a_cut_of_the_rate_is_measured_by_the_noise_after_it():
    before = noisy(np.full(100, 1.5), 0.05)
    after = noisy(1.1 * (1 + 0.004 * np.arange(40)), 0.003, seed=1)
    said = [n for n in range(3, 41) if evidence(np.r_[before, after[:n]]) > ENOUGH]
    assert said[0] <= 15


def test_no_scale_counts():
    values = noisy(np.r_[FALL, np.linspace(0.5, 0.6, 10)], 0.01)
    assert evidence(1e6 * values) == pytest.approx(evidence(values))
    assert evidence([1.0]) == evidence(np.zeros(9)) == 0.0
