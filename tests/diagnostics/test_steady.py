"""While a run goes on, a verdict is given once it has held for a while."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from collector.schema import RUNNING
from diagnostics import Evidence, Finding, diagnose, synthetic
from diagnostics.steady import GROWTH, LOOKS, MOST_LOOKS, QUIET, TO_ACCUSE, TO_ACQUIT, Seen, _held, _sizes, standing


def finding(rule: str) -> Finding:
    return Finding(rule, "info" if rule in QUIET else "warning", rule, (Evidence("train/loss", 0, 1, "s", 1.0, 1.0),))


def verdict(*newest_first: str, now: str = "healthy", state: str | None = RUNNING) -> str:
    """What stands when this is found now, and the looks, newest first, found that fault, or none ("")."""
    run = replace(synthetic.make(synthetic.noisy(synthetic.falling())), state=state)
    looks = dict(zip(_sizes(synthetic.STEPS), [finding(rule) if rule else None for rule in newest_first], strict=False))
    return standing(run, [finding(now), finding("healthy")], lambda run: looks.get(len(run["train/loss"]))).rule


@pytest.mark.parametrize(
    "looks, said",
    [
        (("lr_too_high",) * 3, "lr_too_high"),
        (("lr_too_high",) * 2, "healthy"),
        (("",) * 15 + ("lr_too_high",) * 3, "lr_too_high"),  # absence of evidence
        (("",) * 16 + ("lr_too_high",) * 3, "healthy"),  # evidence of absence
        (("lr_too_high", "lr_too_low") * 5, "healthy"),
        (
            ("lr_too_low",) * 7 + ("lr_too_high",) * 3,
            "lr_too_high",
        ),  # one fault takes another's place when it has stood as long again
        (("lr_too_low",) * 8 + ("lr_too_high",) * 3, "lr_too_low"),
        (("lr_too_low",) * 3 + ("",) * 3 + ("lr_too_high",) * 3, "lr_too_high"),
        (("lr_too_low",) * 3 + ("",) * 4 + ("lr_too_high",) * 3, "lr_too_low"),
        (("diverged",) * 4 + ("lr_too_high",) * 3, "diverged"),  # but for the worst, which takes and gives it at once
        (("lr_too_high",) * 3 + ("diverged",) * 4, "lr_too_high"),
        (("",) * 7 + ("diverged",) * 4, "diverged"),
        (("",) * 8 + ("diverged",) * 4, "lr_too_high"),  # it came back, and the steps are as long as they were
        (("",) * 16 + ("diverged",) * 4, "healthy"),
    ],
)
def test_what_stands(looks, said):
    assert verdict(*looks) == said


@pytest.mark.parametrize("rule", [*LOOKS, "lr_too_low", "lr_too_high", "underfitting", "decay_too_early"])
def test_a_fault_takes_as_many_looks_as_it_needs(rule):
    need = LOOKS.get(rule, TO_ACCUSE)
    assert verdict(*(rule,) * need) == rule
    assert verdict(*(rule,) * (need - 1), "") == "healthy"


def test_what_came_back_is_said_to_have_come_back():
    """A loss that is thrown far above its start for a while: diverged, then a rate too high, never nothing."""
    loss = synthetic.noisy(
        np.r_[synthetic.falling(2.3, 2.0, steps=40), np.full(60, 9.0), synthetic.falling(2.0, 0.3, steps=900)], 0.02
    )
    run = replace(synthetic.make(loss), state=RUNNING)
    said = [diagnose(run.until(step)).verdict for step in (90, 100, 300)]
    assert said == ["diverged", "diverged", "lr_too_high"]
    said = diagnose(run.until(300)).headline.message
    assert "come back down" in said and "seen up to" not in said


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
    assert len(seen) == TO_ACQUIT // 2 + 1 and all(
        b / a == pytest.approx(GROWTH**2, rel=0.05) for a, b in pairwise(seen)
    )


def test_no_look_is_taken_twice_nor_one_that_would_not_count():
    asked = []
    run = replace(synthetic.make(synthetic.falling(steps=12)), state=RUNNING)
    standing(run, [finding("healthy")], lambda run: asked.append(len(run["train/loss"])))
    assert asked == [12, 10, 8, 6, 4]


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


def test_looks_before_those_that_are_taken_change_nothing(monkeypatch):
    """By chance: what is read as far back as it can matter, and all of it, come to the same."""
    draw = np.random.default_rng(0)
    faults = [
        *(Seen(finding(rule), 1) for rule in ("lr_too_high", "diverged", "overfitting", "lr_too_low")),
        None,
        None,
    ]
    pasts = [
        [
            faults[k]
            for k, n in zip(draw.integers(6, size=32), draw.choice([1, 2, 3, 5, 9], 32), strict=True)
            for _ in range(n)
        ]
        for _ in range(2_000)
    ]
    taken = [_held(iter(past[:MOST_LOOKS])) for past in pasts]
    monkeypatch.setattr("diagnostics.steady._enough", lambda stretches: np.inf)
    assert taken == [_held(iter(past[:MOST_LOOKS])) for past in pasts]


def test_a_verdict_that_is_only_held_says_when_it_was_last_seen():
    run = replace(synthetic.make(synthetic.noisy(synthetic.falling())), state=RUNNING)
    sizes = _sizes(synthetic.STEPS)
    looks = {size: finding("lr_too_low") for size in sizes[2:8]}
    held = standing(run, [finding("healthy")], lambda run: looks.get(len(run["train/loss"])))
    assert held.rule == "lr_too_low" and f"seen up to step {sizes[2]:,}," in held.message
