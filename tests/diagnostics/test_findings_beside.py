"""The findings beside a verdict stay what they are when the run is looked at differently."""

from dataclasses import replace

import numpy as np
import pytest

from diagnostics import Curve, Run, diagnose, rules, synthetic
from diagnostics.engine import HEADLINES

BESIDE = [rule for rule in rules.all_rules() if rule.slug not in HEADLINES]
FIRES = [pytest.param(r, e, id=f"{r.slug}: {n}") for r in BESIDE for n, e in r.fires.items()]
NO_SCALE = (
    "wrong_initial_loss",
    "predicts_uniformly",
    "double_softmax",
)  # know the loss of a guess, which a scaled loss no longer is


def seen(rule, run) -> list[str]:
    """The severities found: what a reader acts on."""
    return [] if rule.missing(run) else [finding.severity for finding in rule.check(run)]


def _curves(run: Run, change) -> Run:
    ranks = {rank: {t: change(c) for t, c in curves.items()} for rank, curves in run.ranks.items()}
    epochs = None if run.epochs is None else change(run.epochs)
    return replace(run, curves={t: change(c) for t, c in run.curves.items()}, ranks=ranks, epochs=epochs)


def _steps(run: Run, move) -> Run:
    layers = None if run.layers is None else run.layers.assign(step=move(run.layers["step"]))
    moved = _curves(run, lambda c: Curve(c.tag, move(c.steps), c.values))
    resumed = tuple(int(move(s)) for s in run.resumed_at)
    superseded = {t: Curve(t, move(c.steps), c.values) for t, c in run.superseded.items()}
    return replace(moved, layers=layers, resumed_at=resumed, superseded=superseded)


def _thinned(run: Run) -> Run:
    """Every second point, but for the few that a bad value is on: those decide."""
    return _curves(run, lambda c: c.where((np.arange(len(c)) % 2 == 0) | ~np.isfinite(c.values)) if len(c) > 60 else c)


SAME = {
    "steps shifted": lambda run: _steps(run, lambda s: s + 100_000),
    "steps times ten": lambda run: _steps(run, lambda s: s * 10),
    "loss scaled": lambda run: _curves(
        run, lambda c: Curve(c.tag, c.steps, c.values * (7.0 if c.tag.endswith("/loss") else 1.0))
    ),
    "thinned by two": _thinned,
    "wall time jitters": lambda run: _curves(
        run, lambda c: Curve(c.tag, c.steps, c.values, np.arange(len(c)) + np.random.default_rng(0).random(len(c)))
    ),
}


@pytest.mark.parametrize("change", SAME)
@pytest.mark.parametrize("rule, example", FIRES)
def test_the_finding_does_not_change_when(rule, example, change):
    if change == "loss scaled" and rule.slug in NO_SCALE:
        pytest.skip("a guess among C classes has a loss of its own")
    run = example()
    assert seen(rule, SAME[change](run)) == seen(rule, run)


@pytest.mark.parametrize("rule, example", FIRES)
def test_a_finding_stands_beside_exactly_one_verdict(rule, example):
    report = diagnose(example())
    assert report.verdict in HEADLINES
    assert [f.rule for f in report.findings].count(report.verdict) == 1


def test_a_gap_in_a_log_whose_points_all_stand_at_one_step_is_told():
    values = np.r_[np.linspace(2.0, 1.0, 20), np.nan, np.linspace(0.9, 0.5, 20)]
    report = diagnose(Run("r", {"train/loss": Curve("train/loss", np.full(41, 7), values)}))
    (told,) = [finding for finding in report.findings if finding.rule == "non_finite_loss"]
    assert told.message == "The training loss was not a number at step 7 and went on at 0.9."


@pytest.mark.parametrize("left, is_said", [(1.60, True), (1.89, False)])
def test_a_network_that_is_not_sure_yet_has_no_softmax_too_many(left, is_said):
    """85 of 100 right; sure of each, that costs 1.61 through two softmaxes."""
    losses, right = synthetic.falling(2.3, left, pace=20), 1 - synthetic.falling(0.9, 0.15, pace=20)
    run = synthetic.make(losses, losses, val_accuracy=right, classes=10, loss="cross_entropy")
    assert any(rules.get("double_softmax").check(run)) is is_said


@pytest.mark.parametrize("last, is_said", [(1e-8, False), (0.4, True)])
def test_a_loss_that_has_converged_to_the_last_digit_hides_nothing(last, is_said):
    values = np.r_[synthetic.noisy(synthetic.falling(2.3, 0.5, steps=900)), np.full(100, last)]
    assert any(rules.get("masked_nan").check(synthetic.make(values))) is is_said


def test_any_run_begins_near_a_guess():
    resting = synthetic.make(synthetic.noisy(np.full(400, 2.3026), 0.005), classes=10, loss="cross_entropy")
    said = [bool(list(rules.get("predicts_uniformly").check(resting.until(n)))) for n in (40, 90, 200)]
    assert said == [False, False, True]
