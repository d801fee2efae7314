"""Bounds of the rules that say what the lab's runs show, held against those runs."""

from collections import Counter

import pytest

from benchmarks.diagnosis import PARTS
from benchmarks.lab import shelf
from benchmarks.score.prefixes import step_at
from collector.schema import VAL_LOSS
from diagnostics.rules.lr_too_low import AIM
from diagnostics.stats.held_back import ABSURD, STRONG, STRONG_ADAMW, decoupled
from diagnostics.stats.slide import MANY_EVALS, slides
from diagnostics.stats.strides import stretch, strides


@pytest.fixture(scope="module")
def runs():
    return [lab_run for part in PARTS for lab_run in shelf.load(part)]


def _slid_at(run, share):
    then = run.until(step_at(run, share))
    seen = strides(then) if slides(then) else None
    return slides(then) and (seen is None or seen.fullest < AIM * stretch(then))


def test_of_the_runs_that_slide_in_flight_five_in_six_have_a_rate_too_low(runs):
    asked = [lab_run for lab_run in runs if len(lab_run.run.curves.get(VAL_LOSS, ())) >= MANY_EVALS]
    slid = Counter(
        one.truth for one in asked if any(_slid_at(one.run, share) for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8))
    )
    assert slid.total() >= 25 and slid["lr_too_low"] > 5 / 6 * slid.total()


def test_an_absurd_weight_decay_holds_every_network_back(runs):
    def strength(run):
        return (run.setting("weight_decay") or 0.0) / (STRONG_ADAMW if decoupled(run) else STRONG)

    truths = Counter(one.truth for one in runs if strength(one.run) >= ABSURD)
    assert truths.total() >= 20 and set(truths) == {"underfitting"}
