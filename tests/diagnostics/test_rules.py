"""Every rule against its own examples, and against the contract that holds for all of them."""

import time
from dataclasses import replace

import numpy as np
import pytest

from collector.schema import EXCESS_LOSS, TRAIN_LOSS, VAL_LOSS
from diagnostics import Curve, Run, diagnose, rules, synthetic
from diagnostics.engine import HEADLINES
from diagnostics.rule import HEADINGS, Rule

RULES = rules.all_rules()
FIRES = [pytest.param(r, e, id=f"{r.slug}: {n}") for r in RULES for n, e in r.fires.items()]
SILENT = [pytest.param(r, e, id=f"{r.slug}: {n}") for r in RULES for n, e in r.silent.items()]
VERDICTS = set(HEADLINES) - {"not_enough_data"}  # more points are another answer to that one
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.slug)


def fired(rule: Rule, run: Run) -> list:
    return [] if rule.missing(run) else list(rule.check(run))


@pytest.mark.parametrize("rule, example", FIRES)
def test_fires(rule, example):
    assert fired(rule, example())


@pytest.mark.parametrize("rule, example", SILENT)
def test_stays_silent(rule, example):
    assert not fired(rule, example())


@pytest.mark.parametrize("rule, example", FIRES)
def test_headline_example_gets_its_verdict(rule, example):
    if rule.slug in HEADLINES:
        assert diagnose(example()).verdict == rule.slug


@each_rule
def test_slug_is_the_file_name_and_the_docstring_has_its_headings(rule):
    assert rules.get(rule.slug) is rule
    assert tuple(rules.explanation(rule.slug).sections) == HEADINGS


@each_rule
def test_has_two_examples_of_each_kind(rule):
    assert len(rule.fires) >= 2
    assert len(rule.silent) >= 2 or rule.slug == "healthy"  # healthy holds for every run; the engine decides


@each_rule
def test_constants_of_the_criterion_exist_in_the_file(rule):
    """A name in capitals in the Criterion is a constant of the module: text and code cannot drift apart."""
    import importlib
    import re

    module = importlib.import_module(f"diagnostics.rules.{rule.slug}")
    named = re.findall(r"\b[A-Z][A-Z_]{2,}\b", rules.explanation(rule.slug).sections["Criterion"])
    assert [name for name in named if not hasattr(module, name) and name != "NaN"] == []


ODD = {
    "NaN only": np.full(50, np.nan),
    "infinite": np.full(50, np.inf),
    "constant": np.full(50, 1.0),
    "zero": np.zeros(50),
    "one point": np.array([1.0]),
    "two points": np.array([2.0, 1.0]),
    "empty": np.empty(0),
    "negative": -np.linspace(0, 5, 50),
    "huge": np.r_[np.linspace(2, 1, 25), np.full(25, 1e300)],
    "some NaN": np.where(np.arange(60) % 7 == 0, np.nan, np.linspace(2, 1, 60)),
}


@each_rule
@pytest.mark.parametrize("name", ODD)
def test_odd_curves_raise_nothing(rule, name):
    values = ODD[name]
    fired(rule, synthetic.make(values, values, lr=values, update_ratio=values) if len(values) else Run("empty", {}))


@pytest.mark.parametrize("name", ODD)
def test_odd_runs_get_one_verdict(name):
    values = ODD[name]
    assert diagnose(synthetic.make(values, lr=0.1) if len(values) else Run("empty", {})).verdict in HEADLINES


def _map(run: Run, change) -> Run:
    epochs = None if run.epochs is None else change(run.epochs)
    return replace(run, curves={t: change(c) for t, c in run.curves.items()}, epochs=epochs)


SAME = {
    "steps shifted": lambda c: Curve(c.tag, c.steps + 100_000, c.values),
    "steps times ten": lambda c: Curve(c.tag, c.steps * 10, c.values),
    "loss scaled": lambda c: Curve(
        c.tag, c.steps, c.values * (7.0 if c.tag in (TRAIN_LOSS, VAL_LOSS, EXCESS_LOSS) else 1.0)
    ),
    "thinned by two": lambda c: c.where(np.arange(len(c)) % 2 == 0) if len(c) > 60 else c,
    "wall time jitters": lambda c: Curve(c.tag, c.steps, c.values, np.arange(len(c)) + np.random.rand(len(c))),
}


@pytest.mark.parametrize("change", SAME)
@pytest.mark.parametrize("rule, example", [p for p in FIRES if p.values[0].slug in VERDICTS])
def test_verdict_does_not_change_when(rule, example, change):
    assert diagnose(_map(example(), SAME[change])).verdict == rule.slug


@pytest.mark.parametrize("rule, example", FIRES)
def test_evidence_lies_on_the_curve_and_the_message_is_one_sentence_with_a_number(rule, example):
    run = example()
    for finding in fired(rule, run):
        assert any(ch.isdigit() for ch in finding.message)
        assert finding.message.endswith(".")
        assert "\n" not in finding.message
        for e in finding.evidence:
            assert run[e.tag].steps[0] <= e.first_step <= e.last_step <= run.last_step


@pytest.mark.parametrize("rule, example", FIRES)
def test_same_run_same_report(rule, example):
    run = example()
    assert diagnose(run) == diagnose(run)


def test_a_long_run_is_judged_in_the_blink_of_an_eye():
    """A bound on complexity, not on speed: quadratic work on 200,000 points would take minutes."""
    n = 200_000
    run = synthetic.make(synthetic.noisy(synthetic.falling(steps=n)), synthetic.falling(steps=n), lr=0.1)
    began = time.perf_counter()
    diagnose(run)
    assert time.perf_counter() - began < 20
