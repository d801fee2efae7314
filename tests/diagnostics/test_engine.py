"""One verdict, one finding a cause, three answers."""

import json
from dataclasses import replace

import numpy as np
import pytest

from collector.schema import RUNNING
from diagnostics import Curve, Evidence, Finding, Remedy, Report, Run, diagnose, rules, synthetic
from diagnostics.engine import HEADLINES


def test_every_headline_is_a_rule():
    assert {rule.slug for rule in rules.all_rules()} >= set(HEADLINES)


def test_every_rule_answers_once():
    report = diagnose(synthetic.healthy())
    found = {f.rule for f in report.findings}
    others = {n.rule for n in report.not_checked}
    assert found == {"healthy"}
    assert not set(report.clear) & others
    assert {r.slug for r in rules.all_rules()} == found | set(report.clear) | others


def test_not_checked_names_the_missing_curve():
    run = synthetic.make(synthetic.noisy(synthetic.falling()))
    because = {n.rule: n.because for n in diagnose(run).not_checked}
    assert because["overfitting"] == "val/loss was not logged"
    assert because["decay_too_early"] == "optim/lr was not logged"


def test_a_point_an_epoch_is_worth_more_than_a_point_a_step():
    run = synthetic.make(synthetic.falling(steps=10), synthetic.falling(steps=10))
    assert diagnose(run).verdict == "not_enough_data"
    assert diagnose(replace(run, epochs=Curve("epoch", np.arange(1, 11), np.arange(10.0)))).verdict != "not_enough_data"


def test_a_run_without_any_curve_has_too_little_data():
    report = diagnose(Run("empty", {}))
    assert report.verdict == "not_enough_data"
    assert report.headline.evidence[0].measured == 0


def test_a_diverged_run_is_not_also_called_overfitting():
    values = synthetic.noisy(synthetic.falling())
    values[500:] = np.nan
    report = diagnose(synthetic.make(values, synthetic.falling() + np.linspace(0, 2, 1000)))
    assert [f.rule for f in report.findings] == ["diverged"]


@pytest.mark.parametrize("swing, first", [(0.3, "shuffle"), (0.05, "stop_step")])
def test_where_the_data_is_sorted_it_is_shuffled_first(swing, first):
    """The order alone can do what the verdict names; batches that differ a little cannot."""
    place = np.arange(1000) % 50 / 50
    train = synthetic.noisy(synthetic.falling(2.3, 0.1), 0.01) + swing * np.cos(2 * np.pi * place)
    val = synthetic.falling(2.3, 0.5, pace=30) + 0.8 * np.clip(np.linspace(0, 1, 1000) - 0.4, 0, None)
    report = diagnose(synthetic.with_epochs(synthetic.make(train, val), 50))
    assert report.verdict == "overfitting" and "periodic_loss" in [f.rule for f in report.findings]
    assert report.headline.remedies[0].parameter == first


def test_a_verdict_names_its_rivals_and_what_speaks_against_them():
    values = synthetic.noisy(np.r_[np.full(400, 2.3), synthetic.falling(steps=600, pace=1.0)], 0.02)
    report = diagnose(synthetic.make(values, lr=0.1))
    assert report.verdict == "bad_initialization"
    (rival,) = report.rivals
    assert rival.rule == "keep_training" and "no slope" in rival.against
    assert rival.message not in [f.message for f in report.findings]
    assert diagnose(synthetic.healthy()).rivals == ()


def test_a_fault_too_young_to_stand_is_told_beside_the_verdict_and_not_as_it():
    values = synthetic.noisy(np.r_[synthetic.falling(2.3, 0.3, steps=300), np.linspace(0.3, 2.4, 20), np.full(60, 2.4)])
    run = synthetic.make(values, lr=0.1)
    report = diagnose(replace(run, state=RUNNING))
    assert report.verdict == "keep_training" and report.headline.severity == "info"
    assert report.rivals[0].rule == "diverged" and "long enough" in report.rivals[0].against
    assert diagnose(run).verdict == "diverged"
    assert report.headline.message.endswith(f"Not certain yet: {diagnose(run).headline.message}")


def test_report_json_is_strict_and_has_the_contracts_keys():
    report = diagnose(synthetic.make(np.r_[np.full(30, 1.0), np.full(30, np.inf)]))
    told = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert list(told) == ["run", "source", "verdict", "findings", "clear", "not_checked", "rivals"]
    assert list(told["findings"][0]) == ["rule", "severity", "message", "evidence", "remedies"]
    assert list(told["findings"][0]["evidence"][0]) == [
        "tag", "first_step", "last_step", "statistic", "measured", "threshold", "unit",
    ]  # fmt: skip
    assert all(("factor" in r) != ("value" in r) for r in told["findings"][0]["remedies"])


def test_non_finite_measurements_become_null():
    finding = Finding("x", "info", "m", (Evidence("train/loss", 0, 1, "s", float("nan"), float("inf")),))
    evidence = Report("r", "", "x", (finding,), (), ()).to_json()["findings"][0]["evidence"][0]
    assert evidence["measured"] is None
    assert evidence["threshold"] is None


def test_a_remedy_has_exactly_one_of_factor_and_value():
    with pytest.raises(ValueError, match="exactly one"):
        Remedy("do", "lr", "why")
    with pytest.raises(ValueError, match="exactly one"):
        Remedy("do", "lr", "why", factor=0.1, value=1)


def test_a_failing_rule_hides_no_other(monkeypatch):
    def broken(run):
        raise OverflowError("too large")

    real = rules.get("overfitting")
    others = [replace(real, check=broken) if rule is real else rule for rule in rules.all_rules()]
    monkeypatch.setattr(rules, "all_rules", lambda: others)
    report = diagnose(synthetic.healthy())
    assert report.verdict == "healthy"
    assert any(n.rule == "overfitting" and "too large" in n.because for n in report.not_checked)


def test_a_hyperparameter_that_is_no_number_is_none():
    run = replace(
        synthetic.healthy(),
        config={"weight_decay": "auto", "dropout": [0.1], "lr": 0.5, "clip": float("nan"), "seed": 10**400},
    )
    said = {name: run.setting(name) for name in (*run.config, "absent")}
    assert {name: value for name, value in said.items() if value is not None} == {"lr": 0.5}
    assert diagnose(run).verdict == "healthy"


def test_a_finding_needs_evidence():
    with pytest.raises(ValueError, match="no verdict without evidence"):
        Finding("x", "info", "m", ())


def _under_batch_statistics() -> Run:
    """Before its averages are known, a network that is normalized by batches is evaluated at 2.35; as it is trained, it has 2.98."""
    loss = np.linspace(2.98, 2.6, 400)
    run = synthetic.make(synthetic.noisy(loss, 0.02), loss, lr=1e-5)
    val = run["val/loss"]
    return synthetic.with_curves(run, Curve("val/loss", np.r_[0, val.steps[1:]], np.r_[2.35, val.values[1:]]))


def test_an_evaluation_before_the_averages_of_batch_normalization_is_no_start():
    assert diagnose(_under_batch_statistics()).verdict == "lr_too_low"


def test_what_validation_was_before_is_kept_where_training_began_there():
    run = _under_batch_statistics()
    thrown = synthetic.with_curves(
        run, Curve("train/loss", run["train/loss"].steps, np.r_[2.36, run["train/loss"].values[1:]])
    )
    assert diagnose(thrown).verdict in ("diverged", "lr_too_high")


def test_layers_that_no_gradient_reaches_are_mended_before_any_rate():
    run = synthetic.layered(rules.get("lr_too_low").fires["short steps"](), [1.0] * 4, update_ratio=np.full(4, 1e-4))
    assert run.layers is not None
    cut = run.layers["layer"] == run.layers["layer"].iloc[0]
    report = diagnose(replace(run, layers=run.layers.assign(grad_norm=run.layers["grad_norm"].mask(cut))))
    assert [r.parameter for r in report.headline.remedies][:2] == ["gradient", "lr"]
