"""What is advised for a run that diverged."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import RUNNING
from diagnostics import diagnose, rules, synthetic

RULE = rules.get("diverged")


@pytest.mark.parametrize("val_breaks, first", [(False, "batch"), (True, "lr")])
def test_weights_that_still_give_a_validation_loss_are_not_what_broke(val_breaks, first):
    train, val = synthetic.noisy(synthetic.falling()), synthetic.falling(last=0.5)
    train[600:] = np.nan
    if val_breaks:
        val[610:] = np.nan
    (found,) = RULE.check(synthetic.make(train, val, lr=0.1))
    assert found.severity == "error" and found.remedies[0].parameter == first


def judged(values, state="finished", val=None, **known):
    return diagnose(replace(synthetic.make(values, val, **known), state=state))


@pytest.mark.parametrize(
    "count, state, verdict", [(20, RUNNING, "diverged"), (5, RUNNING, "keep_training"), (1, "finished", "diverged")]
)
def test_a_long_run_that_ends_in_nan_has_diverged_however_small_a_part_of_it_that_is(count, state, verdict):
    values = synthetic.noisy(synthetic.falling(steps=5000))
    values[-count:] = np.nan
    assert judged(values, state).verdict == verdict


def test_nan_that_came_back_before_or_left_sound_weights_is_no_end():
    values = synthetic.noisy(synthetic.falling())
    values[[300, 999]] = np.nan
    assert judged(values).verdict == "healthy"
    values[300] = 1.0
    assert judged(values, val=synthetic.falling(last=0.12)).verdict == "healthy"
    assert judged(values).verdict == "diverged"


def test_a_blow_up_at_the_very_end_is_one():
    values = synthetic.noisy(synthetic.falling())
    values[-20:] = np.geomspace(0.1, 1e4, 20)
    (found,) = RULE.check(synthetic.make(values))
    assert found.evidence[0].measured > 1000 and "ends at" in found.message


def test_what_gave_back_all_it_had_learned_has_diverged_without_a_jump():
    values = np.r_[synthetic.falling(2.3, 0.1, steps=300), np.linspace(0.1, 2.3, 50), np.full(650, 2.303)]
    report = judged(synthetic.noisy(values, 0.02), classes=10, loss="cross_entropy")
    assert report.verdict == "diverged" and 310 < report.headline.evidence[0].first_step < 340
    noisy = np.random.default_rng(0).choice([0.05, 1.2], 1000)  # batches that differ as much all along
    assert judged(np.r_[1.2, noisy]).verdict != "diverged"


def test_it_is_dated_by_when_it_left_its_start_not_by_half_of_where_it_went():
    values = np.r_[synthetic.falling(2.3, 0.1, steps=300), np.geomspace(0.1, 1e6, 700)]
    (found,) = RULE.check(synthetic.make(synthetic.noisy(values, 0.02)))
    assert 430 < found.evidence[0].first_step < 520


def test_a_few_epochs_in_it_did_not_break_at_once():
    values = np.r_[synthetic.falling(2.3, 0.5, steps=8), np.full(7, np.nan)]
    (found,) = RULE.check(synthetic.make(values))
    assert "held for a while" in found.remedies[0].because
