"""Whether a loss has levelled off, and what going on should bring."""

import numpy as np
import pytest

from collector.schema import LR, TRAIN_LOSS, VAL_LOSS
from diagnostics import Curve, Run, synthetic
from diagnostics.stats.forecast import forecast
from diagnostics.stats.levelled import falling

STEPS = np.arange(1, 4001)


def going(shape, noise: float = 0.02, seed: int = 0) -> Run:
    """The first 2,000 steps of a loss whose continuation is known, with ``noise``."""
    values = shape(STEPS[:2000].astype(float)) + noise * np.random.default_rng(seed).standard_normal(2000)
    return synthetic.make(values)


SHAPES = {
    "a power": lambda s: 0.3 + 2.0 * (1 + s / 5) ** -0.6,
    "a slow power": lambda s: 3.0 * s**-0.08,
    "exponential": lambda s: 0.5 + 1.8 * np.exp(-s / 900),
    "levelled off": lambda s: 0.5 + 1.8 * np.exp(-s / 150),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("seed", range(5))
def test_the_forecast_is_what_came(name, seed):
    shape, seen = SHAPES[name], forecast(going(SHAPES[name], seed=seed), TRAIN_LOSS)
    came = shape(2000.0) - shape(4000.0)
    assert abs(seen.gain - came) < 3 * seen.error + came / 2 + 0.005
    assert seen.error < 0.06


def test_half_a_line_is_no_end_and_a_spent_rate_is_one():
    run = going(SHAPES["exponential"])
    low = Run(run.name, {**run.curves, LR: Curve(LR, STEPS[:2000], np.linspace(0.1, 0.0, 2000))})
    assert forecast(low, TRAIN_LOSS).gain < 1e-3 < forecast(run, TRAIN_LOSS).gain


def test_twice_the_steps_never_promise_a_negative_loss():
    seen = forecast(going(SHAPES["exponential"]), TRAIN_LOSS)
    assert 0 < seen.goes_to(seen.gain / 2) < seen.gain / 2
    assert seen.goes_to(-1.0) < -1.0


def test_too_few_points_forecast_nothing():
    assert forecast(synthetic.make(np.array([3.0, 2.0, 1.0])), TRAIN_LOSS).error == np.inf


def test_a_loss_on_its_way_down_has_not_levelled_off():
    assert not falling(synthetic.make(synthetic.noisy(synthetic.falling(pace=1.0)))).levelled


def test_a_flat_end_is_level_and_a_new_fall_takes_it_back():
    flat = np.r_[synthetic.falling(2.3, 1.0, steps=1000, pace=20), np.full(2000, 1.0)]
    assert falling(synthetic.make(synthetic.noisy(flat))).surely
    again = np.r_[flat, np.linspace(1.0, 0.2, 1500)]
    assert not falling(synthetic.make(synthetic.noisy(again))).levelled


def test_scaling_the_loss_and_the_steps_and_thinning_changes_nothing():
    run = going(SHAPES["a power"])
    scaled = Run(run.name, {t: Curve(t, 7 * c.steps + 5, 100 * c.values) for t, c in run.curves.items()})
    thinned = Run(run.name, {t: Curve(t, c.steps[::2], c.values[::2]) for t, c in run.curves.items()})
    gain = falling(run).now.gain
    assert falling(scaled).now.gain == pytest.approx(100 * gain, rel=0.01)
    assert falling(thinned).now.gain == pytest.approx(gain, rel=0.3)


def test_one_spike_of_1e30_changes_nothing():
    values = synthetic.noisy(synthetic.falling(pace=20))
    calm = falling(synthetic.make(values)).levelled
    values[700] = 1e30
    assert falling(synthetic.make(values)).levelled == calm


def test_a_million_points_are_judged_as_a_thousand():
    long = synthetic.make(synthetic.noisy(synthetic.falling(pace=20, steps=1_000_000)))
    assert falling(long).levelled


def test_a_loss_that_has_only_begun_to_fall_has_not_levelled_off_however_little_that_is_of_it():
    begun = synthetic.falling(2.3, 2.2, pace=0.5)
    assert not falling(synthetic.make(synthetic.noisy(begun, 0.001))).levelled


def test_where_evaluating_was_given_up_training_decides():
    train, val = synthetic.falling(2.3, 0.1), synthetic.noisy(synthetic.falling(2.3, 0.2, pace=2.0), 0.01)
    run = synthetic.make(synthetic.noisy(train), val)
    assert falling(run).curve.tag == VAL_LOSS
    stopped = synthetic.with_curves(run, run[VAL_LOSS].where(run[VAL_LOSS].steps <= 500))
    assert falling(stopped).curve.tag == TRAIN_LOSS
