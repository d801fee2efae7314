"""When overfitting is said, how loudly, and what is advised."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import FINISHED, RUNNING
from diagnostics import Curve, Run, diagnose, rules, synthetic

RULE = rules.get("overfitting")


def risen(share: float, **settings) -> Run:
    """Validation that was best at 40 % of the run and ends ``share`` above that, training that falls all the way."""
    t = np.linspace(0, 1, synthetic.STEPS)
    val = synthetic.falling(2.3, 0.5, pace=30) + 0.5 * share * np.clip(t - 0.4, 0, None) / 0.6
    run = synthetic.make(synthetic.noisy(synthetic.falling(2.3, 0.05)), synthetic.noisy(val, 0.001, seed=1))
    return synthetic.with_config(run, **settings)


def found(run: Run, state: str | None = FINISHED):
    return next(iter(RULE.check(replace(run, state=state))), None)


@pytest.mark.parametrize(
    "share, state, severity",
    [
        (0.03, FINISHED, None),
        (0.03, None, None),  # a past log
        (0.03, RUNNING, None),
        (0.2, RUNNING, "warning"),
        (0.2, FINISHED, "warning"),
    ],
)
def test_the_same_rise_counts_while_the_run_goes_on(share, state, severity):
    seen = found(risen(share), state)
    assert (seen.severity if seen else None) == severity


def test_the_first_remedy_is_the_best_step_with_what_it_saves():
    stop = found(risen(0.2)).remedies[0]
    assert stop.parameter == "stop_step"
    assert 300 <= stop.value <= 450
    assert "saves 6" in stop.because


@pytest.mark.parametrize("share, is_found", [(0.2, True), (0.0, False)])
def test_a_rise_inside_a_jitter_is_told_by_its_order(share, is_found):
    """No level is clear, and most later evaluations are higher than most earlier ones."""
    t = np.linspace(0, 1, 200)
    jitter = 0.1 * np.tile([1, -1], 90) * np.random.default_rng(0).uniform(0.5, 1, 180)
    val = np.r_[np.linspace(2.3, 0.5, 20), 0.5 + 0.5 * share * t[20:] + jitter]
    run = synthetic.make(synthetic.noisy(synthetic.falling(2.3, 0.02)))
    seen = found(synthetic.with_curves(run, Curve("val/loss", np.arange(5, 1001, 5), val)))
    assert bool(seen) is is_found


@pytest.mark.parametrize(
    "share, settings, parameter, size",
    [
        (0.2, {"weight_decay": 5e-3}, "weight_decay", {"factor": 3.0, "value": None}),
        (0.9, {"weight_decay": 5e-3}, "weight_decay", {"factor": 10.0, "value": None}),
        (0.9, {"weight_decay": 5e-4}, "weight_decay", {"factor": 40.0, "value": None}),
        (0.9, {}, "weight_decay", {"factor": None, "value": 0.02}),
        (0.9, {"optimizer": "AdamW"}, "weight_decay", {"factor": None, "value": 1.0}),
        (0.2, {"dropout": 0.2}, "dropout", {"factor": None, "value": 0.4}),
        (0.9, {"dropout": 0.4}, "dropout", {"factor": None, "value": 0.5}),
    ],
)
def test_regularization_is_sized_by_the_rise_and_by_what_is_set(share, settings, parameter, size):
    remedy = next(r for r in found(risen(share, **settings)).remedies if r.parameter == parameter)
    assert {"factor": remedy.factor, "value": remedy.value} == size


def test_a_rise_with_training_not_falling_is_something_else():
    run = risen(0.3)
    flat = synthetic.make(np.full(synthetic.STEPS, 0.5), synthetic.falling(2.3, 0.5, pace=30)).curves["train/loss"]
    assert found(synthetic.with_curves(run, flat)) is None


def test_said_early_and_then_for_good():
    """In flight: within a fifth of the run after the best, and not taken back."""
    run = replace(risen(0.5), state=RUNNING)
    said = []
    for step in range(50, synthetic.STEPS + 1, 25):
        cut = replace(run, curves={tag: c.between(0, step) for tag, c in run.curves.items()})
        said.append(diagnose(cut).verdict == "overfitting")
    first = said.index(True)
    assert 400 <= 50 + 25 * first <= 575
    assert all(said[first:])


def test_warm_restarts_are_no_overfitting():
    """A language model under a cosine with restarts: each restart throws both losses up for a while."""
    t = np.arange(synthetic.STEPS)
    phase = (t % 250) / 250
    level = 3.0 + 5.0 * np.exp(-t / 150) + 0.25 * (1 + np.cos(np.pi * phase)) * (t >= 250)
    run = replace(
        synthetic.make(synthetic.noisy(level, 0.01), synthetic.noisy(level + 0.05, 0.002, seed=1)), state=RUNNING
    )
    assert not any(found(run.until(step), RUNNING) for step in range(100, synthetic.STEPS, 25))


def test_robust_overfitting_is_said_soon_after_the_cut():
    """Both losses jump down where the rate is cut; validation then rises slowly while training falls on."""
    t = np.arange(synthetic.STEPS)
    train = np.where(t < 500, 1.4 + 0.9 * np.exp(-t / 100), 1.1 - 0.4 * (t - 500) / 500)
    val = np.where(t < 500, 1.5 + 0.8 * np.exp(-t / 100), 1.25 + 0.25 * (t - 500) / 500)
    noise = np.where(t < 500, 0.03, 0.005)
    jittered = val * (1 + noise * np.random.default_rng(1).standard_normal(len(val)))
    run = replace(synthetic.make(synthetic.noisy(train, 0.02), jittered), state=RUNNING)
    said = [step for step in range(100, synthetic.STEPS, 25) if found(run.until(step), RUNNING)]
    assert said and 500 < said[0] <= 700 and said == list(range(said[0], synthetic.STEPS, 25))


def test_the_untrained_network_is_no_checkpoint_to_go_back_to():
    never_better = RULE.fires["validation only ever rises"]()
    seen = found(never_better)
    assert seen is not None and seen.remedies[0].parameter == "weight_decay"


@pytest.mark.parametrize("gain, is_said", [(0.05, True), (0.0, False), (-0.05, False)])
def test_a_stop_for_the_loss_says_so_where_accuracy_went_on_rising(gain, is_said):
    t = np.linspace(0, 1, 1000)
    right = 0.8 - 0.7 * np.exp(-20 * t) + gain * np.clip(t - 0.4, 0, None) / 0.6
    run = risen(0.2)
    accuracy = Curve("val/accuracy", run["val/loss"].steps, right[run["val/loss"].steps - 1])
    stop = found(synthetic.with_curves(run, accuracy)).remedies[0]
    assert stop.parameter == "stop_step"
    assert ("by accuracy, 84.7% against 79.9%" in stop.action) is is_said
