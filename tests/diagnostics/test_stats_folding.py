"""A folded loss against a slow, clear twin and against known truths."""

import numpy as np
import pytest

from diagnostics import Curve
from diagnostics.stats.folding import fold


def laid(values, length, jump=0.0) -> tuple[Curve, Curve]:
    steps = np.arange(1, len(values) + 1)
    return Curve("train/loss", steps, np.asarray(values, float)), Curve(
        "epoch", steps, np.floor((steps - 1) / length) + jump
    )


def slowly(values, length, places) -> tuple[float, float]:
    """Share and height, one epoch and one place at a time; the first tenth left out."""
    first = 1 + 0.1 * (len(values) - 1)
    rows = []
    for begin in range(0, len(values) - length + 1, length):
        if begin + 1 < first:
            continue
        epoch = values[begin : begin + length]
        row = [np.mean([v for i, v in enumerate(epoch) if i * places // length == p]) for p in range(places)]
        line = np.polyval(np.polyfit(range(places), row, 1), range(places))
        rows.append(row - line)
    alike = [row / np.std(row) for row in rows]
    return np.mean(np.mean(alike, axis=0) ** 2) / np.mean(np.square(alike)), np.ptp(np.mean(rows, axis=0))


@pytest.mark.parametrize("seed", range(10))
def test_agrees_with_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    length = int(rng.choice([20, 40, 60]))
    values = (
        np.tile(rng.standard_normal(length), 15) + rng.standard_normal(15 * length) + np.linspace(3, 0, 15 * length)
    )
    seen = fold(*laid(values, length))
    share, height = slowly(values, length, min(20, length // 2))
    assert seen.share == pytest.approx(share, abs=1e-9)
    assert seen.height == pytest.approx(height, abs=1e-9)
    assert seen.period == length


@pytest.mark.parametrize("seed", range(20))
def test_noise_and_a_slope_do_not_repeat(seed):
    values = np.random.default_rng(seed).standard_normal(1000) + np.linspace(50, 0, 1000)
    seen = fold(*laid(values, 50))
    assert seen.share < 0.2
    assert seen.agreement < 0.9


def test_the_same_shape_is_all_there_is():
    seen = fold(*laid(np.tile(np.sin(np.linspace(0, 6, 50)), 20), 50))
    assert seen.share == pytest.approx(1)
    assert seen.agreement == pytest.approx(1)


def test_too_little_is_not_folded():
    values = np.random.default_rng(0).standard_normal(200)
    assert fold(*laid(values, 4)) is None  # four points an epoch
    assert fold(*laid(values, 50)) is None  # four epochs
    assert fold(Curve("train/loss", [], []), Curve("epoch", [], [])) is None


def test_epochs_that_begin_at_one_or_hold_gaps_make_no_difference():
    values = np.tile(np.random.default_rng(0).standard_normal(50), 20)
    loss, epochs = laid(values, 50, jump=1.0)
    gaps = epochs.where(np.arange(1000) % 3 > 0)
    assert fold(loss, gaps).share > 0.9
    assert fold(loss, epochs).share == pytest.approx(1)


def test_epochs_that_fall_back_have_no_length():
    steps = np.arange(400)
    epochs = Curve("epoch", np.arange(6), np.array([0.0, 1, 2, 0, 1, 1.5]))
    assert fold(Curve("train/loss", steps, np.sin(steps)), epochs) is None
