"""The shared measurements against slow, clear twins and known truths."""

import numpy as np
import pytest

from diagnostics import Curve, Run, synthetic
from diagnostics.stats.bounce import bounce
from diagnostics.stats.decay import decay, spent
from diagnostics.stats.level import before_training, blocks, end, start
from diagnostics.stats.noise import noise
from diagnostics.stats.plateau import departure, running_median
from diagnostics.stats.trend import trend


def curve(values, tag="train/loss") -> Curve:
    return Curve(tag, np.arange(1, len(values) + 1), np.asarray(values, float))


@pytest.mark.parametrize("sd", [0.01, 1.0, 30.0])
def test_noise_finds_the_standard_deviation_under_a_slope_and_spikes(sd):
    rng = np.random.default_rng(0)
    values = 5 * sd * np.linspace(0, 10, 4000) + sd * rng.standard_normal(4000)
    values[::200] += 100 * sd
    values[::333] = np.nan
    assert noise(values) == pytest.approx(sd, rel=0.1)


def test_noise_of_nothing_is_zero():
    assert noise(np.array([1.0, np.nan, 2.0])) == 0.0


def test_levels():
    c = curve([np.nan, 10, *range(9, -1, -1)])
    assert start(c) == 10
    assert end(c) == 1  # median of the last three: 2, 1, 0


def test_blocks_of_a_short_curve_hold_two_points_each():
    assert len(blocks(curve(np.arange(20))).levels) == 10
    assert len(blocks(curve(np.arange(1000))).levels) == 40


def test_block_error_is_the_spread_of_medians():
    rng = np.random.default_rng(0)
    spread = [np.median(rng.standard_normal(25)) for _ in range(2000)]
    assert blocks(curve(rng.standard_normal(1000))).error == pytest.approx(np.std(spread), rel=0.15)


def test_trend_of_a_line_over_log_steps_is_its_slope():
    steps = np.arange(1, 2001)
    seen = trend(Curve("train/loss", steps, 5 - 0.3 * np.log2(steps)))
    assert seen.gain == pytest.approx(-0.3, rel=0.01)
    assert seen.clarity > 50


def test_trend_of_noise_is_not_clear():
    clear = [trend(curve(np.random.default_rng(s).standard_normal(500))).clarity > 4 for s in range(200)]
    assert np.mean(clear) < 0.03


def test_running_median_equals_its_slow_twin():
    values = np.random.default_rng(0).standard_normal(50)
    slow = [np.median(values[max(0, i - 3) : i + 4]) for i in range(50)]
    assert running_median(curve(values), 7).values == pytest.approx(slow)


def test_departure_of_a_plateau():
    seen = departure(curve(np.r_[np.full(400, 2.0), np.linspace(2, 0, 100), np.zeros(500)]))
    assert seen.left == pytest.approx(411, abs=3)
    assert seen.half == pytest.approx(451, abs=3)
    assert seen.fall == pytest.approx(2.0)


def test_decay_finds_the_last_high_step():
    lr = np.where(np.arange(1000) < 300, 0.1, 0.01)
    fall = decay(synthetic.make(synthetic.falling(), lr=lr))
    assert (fall.step, fall.before, fall.after) == (300, 0.1, 0.01)
    assert spent(synthetic.make(synthetic.falling(), lr=lr))


def test_a_warmup_or_a_cycle_is_no_decay():
    assert decay(synthetic.make(synthetic.falling(), lr=np.minimum(1, np.arange(1000) / 100))) is None
    assert decay(synthetic.make(synthetic.falling(), lr=0.1)) is None
    assert decay(synthetic.make(synthetic.falling())) is None


def test_bounce_takes_off_the_sampling_noise_of_batches():
    train = synthetic.noisy(synthetic.falling(last=1.0, pace=30), 0.2)
    assert bounce(synthetic.make(train)).share < 0.02
    shaken = train + 0.2 * np.repeat(np.random.default_rng(1).standard_normal(40), 25)
    assert bounce(synthetic.make(shaken)).share > 0.08


def test_bounce_of_a_run_that_learned_nothing_is_none():
    assert bounce(synthetic.make(np.full(100, 1.0))) is None


def _before(train, val) -> float:
    steps = np.arange(50, 50 + len(train))
    curves = {
        "train/loss": Curve("train/loss", steps, np.asarray(train, float)),
        "val/loss": Curve("val/loss", np.linspace(0, steps[-1], len(val)).astype(int), np.asarray(val, float)),
    }
    return before_training(Run("example", curves))


def test_validation_before_the_first_step_is_the_loss_before_training():
    assert _before(np.linspace(1.5, 0.1, 50), np.linspace(2.3, 0.2, 10)) == 2.3
    assert _before(np.full(50, 1e6), np.r_[2.3, np.full(9, 1e6)]) == 2.3  # it blew up, and validation with it


def test_a_training_loss_that_is_summed_is_not_held_against_validation():
    assert _before(64 * np.linspace(1.5, 0.1, 50), np.linspace(2.3, 0.2, 10)) == 96
