"""While a run goes on, a verdict is given once it has held for a while."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from collector.schema import RUNNING
from diagnostics import Evidence, Finding, diagnose, synthetic
from diagnostics.steady import FINE, GROWTH, standing


def finding(rule: str) -> Finding:
    return Finding(rule, "info" if rule in FINE else "warning", rule, (Evidence("train/loss", 0, 1, "s", 1.0, 1.0),))


def verdict(*newest_first: str, state: str | None = RUNNING, also: tuple[str, ...] = ("healthy",)) -> str:
    """What stands when the looks, newest first, say this."""
    run = replace(synthetic.make(synthetic.noisy(synthetic.falling())), state=state)
    now, *before = newest_first
    earlier = iter([[finding(rule)] for rule in before])
    return standing(run, [finding(now), *map(finding, also)], lambda run: next(earlier, [])).rule


@pytest.mark.parametrize(
    "looks, said",
    [
        (("lr_too_high",) * 3, "lr_too_high"),
        (("lr_too_high", "lr_too_high", "healthy", "healthy", "healthy", "healthy"), "healthy"),
        (("healthy", "healthy", "healthy", "lr_too_high", "lr_too_high", "lr_too_high"), "lr_too_high"),
        (("healthy",) * 4 + ("lr_too_high",) * 3, "healthy"),
        (("keep_training", "healthy", "keep_training", "healthy") + ("lr_too_low",) * 3, "keep_training"),
        (("lr_too_high", "lr_too_low") * 5, "healthy"),
        (("diverged", "diverged", "healthy"), "diverged"),
        (("overfitting", "overfitting", "healthy"), "overfitting"),
        (("overfitting", "healthy", "overfitting", "healthy"), "healthy"),
        (("lr_too_high",), "healthy"),
    ],
)
def test_what_stands(looks, said):
    assert verdict(*looks) == said


def test_a_run_that_has_ended_is_judged_as_it_is():
    assert verdict("lr_too_high", "healthy", "healthy", state="finished") == "lr_too_high"
    assert verdict("lr_too_high", "healthy", "healthy", state="crashed") == "lr_too_high"
    assert verdict("lr_too_high", "healthy", "healthy", state=None) == "lr_too_high"  # a past log


def test_the_same_past_is_looked_at_however_long_the_run_is():
    asked = []

    def headlines(run):
        asked.append(len(run["train/loss"]))
        return [finding("healthy")]

    run = replace(synthetic.make(synthetic.noisy(synthetic.falling())), state=RUNNING)
    for length in (1000, 1003, 1006):
        standing(run.until(length), [finding("lr_too_high"), finding("healthy")], headlines)
    seen = sorted(set(asked))
    assert len(seen) <= 5 and all(b / a == pytest.approx(GROWTH, rel=0.05) for a, b in pairwise(seen))


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
