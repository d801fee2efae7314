"""While a run goes on, a verdict is given once it has held for a while."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from collector.schema import RUNNING
from diagnostics import Evidence, Finding, diagnose, synthetic
from diagnostics.steady import GROWTH, LOOKS, QUIET, TO_ACCUSE, standing


def finding(rule: str) -> Finding:
    return Finding(rule, "info" if rule in QUIET else "warning", rule, (Evidence("train/loss", 0, 1, "s", 1.0, 1.0),))


def verdict(*newest_first: str, now: str = "healthy", state: str | None = RUNNING) -> str:
    """What stands when this is found now, and the looks, newest first, found that fault, or none ("")."""
    run = replace(synthetic.make(synthetic.noisy(synthetic.falling())), state=state)
    looks = iter([finding(rule) if rule else None for rule in newest_first])
    return standing(run, [finding(now), finding("healthy")], lambda run: next(looks, None)).rule


@pytest.mark.parametrize(
    "looks, said",
    [
        (("lr_too_high",) * 3, "lr_too_high"),
        (("lr_too_high",) * 2, "healthy"),
        (("",) * 7 + ("lr_too_high",) * 3, "lr_too_high"),  # absence of evidence
        (("",) * 8 + ("lr_too_high",) * 3, "healthy"),  # evidence of absence
        (("lr_too_high", "lr_too_low") * 5, "healthy"),
        (("lr_too_low", "lr_too_low") + ("lr_too_high",) * 3, "lr_too_high"),
        (("lr_too_low",) * 3 + ("lr_too_high",) * 3, "lr_too_low"),
    ],
)
def test_what_stands(looks, said):
    assert verdict(*looks) == said


@pytest.mark.parametrize("rule", [*LOOKS, "lr_too_low", "lr_too_high", "underfitting", "decay_too_early"])
def test_a_fault_takes_as_many_looks_as_it_needs(rule):
    need = LOOKS.get(rule, TO_ACCUSE)
    assert verdict(*(rule,) * need) == rule
    assert verdict(*(rule,) * (need - 1), "") == "healthy"


def test_what_is_found_now_is_not_yet_said():
    assert verdict(now="lr_too_high") == "healthy"


@pytest.mark.parametrize("state", ["finished", "crashed", None])  # None: a past log
def test_a_run_that_has_ended_is_judged_as_it_is(state):
    assert verdict("", "", now="lr_too_high", state=state) == "lr_too_high"


def test_the_same_past_is_looked_at_however_long_the_run_is():
    asked = []

    def fault(run):
        asked.append(len(run["train/loss"]))

    run = replace(synthetic.make(synthetic.noisy(synthetic.falling())), state=RUNNING)
    for length in (1000, 1003, 1006):
        standing(run.until(length), [finding("lr_too_high"), finding("healthy")], fault)
    seen = sorted(set(asked))
    assert len(seen) == 8 and all(b / a == pytest.approx(GROWTH, rel=0.05) for a, b in pairwise(seen))


def test_no_look_is_taken_twice():
    asked = []
    run = replace(synthetic.make(synthetic.falling(steps=12)), state=RUNNING)
    standing(run, [finding("healthy")], lambda run: asked.append(len(run["train/loss"])))
    assert asked == [12, 11, 10, 9, 8, 7, 6, 5]


def test_a_loss_that_is_no_longer_a_number_is_said_at_once():
    values = synthetic.noisy(synthetic.falling())
    values[400:] = np.nan
    run = synthetic.make(values)
    assert diagnose(run.until(395)).verdict == "keep_training"
    assert diagnose(run.until(450)).verdict == "diverged"


def test_a_running_run_without_a_fault_is_told_to_go_on():
    run = synthetic.healthy()
    assert diagnose(run).verdict == "healthy"
    assert diagnose(replace(run, state=RUNNING)).verdict == "keep_training"


def test_until_is_what_was_there_then():
    run = replace(synthetic.healthy(), state="finished", resumed_at=(500,))
    half = run.until(400)
    assert half.state == RUNNING and half.last_step <= 400 and half.resumed_at == ()
    assert np.array_equal(half["train/loss"].values, run["train/loss"].values[: len(half["train/loss"])])
    assert run.until(10_000) is run
