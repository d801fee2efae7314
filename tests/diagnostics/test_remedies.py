"""What is advised, in figures that a reader can follow."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import GRAD_NORM, RUNNING
from diagnostics import Curve, rules, synthetic


def first(slug, run):
    (found,) = rules.get(slug).check(run)
    return found.remedies[0]


def test_a_run_with_a_plan_is_told_to_go_on_with_it():
    run = replace(
        synthetic.make(synthetic.noisy(synthetic.falling(pace=1.0))), config={"max_steps": 4000}, state=RUNNING
    )
    going = first("keep_training", run)
    assert going.action == "Go on as planned, for 3,000 steps more." and going.factor == 4.0


def test_epochs_are_counted_from_the_first():
    run = synthetic.make(np.r_[synthetic.falling(pace=1.0, steps=30)])
    assert first("keep_training", run).action.startswith("Train 30 steps more")


def test_a_loss_below_zero_is_lowered_by_an_amount_and_not_by_a_share():
    run = synthetic.make(synthetic.noisy(synthetic.falling(0.3, -3.0, pace=1.0)))
    assert "%" not in first("keep_training", run).because.split("lower the loss by")[1]


def test_a_cut_to_the_longest_usual_updates_is_argued_by_them_only_where_it_is_one():
    level = synthetic.noisy(synthetic.falling(2.3, 0.3, pace=60), 0.1)
    jumps = level + 0.3 * np.random.default_rng(1).standard_normal(synthetic.STEPS)
    for ratio, argued in ((0.2, True), (0.003, False)):
        cut = first("lr_too_high", synthetic.make(level, jumps, lr=0.5, update_ratio=ratio))
        assert ("come down to" in cut.because) is argued and cut.factor <= 0.1


def test_no_checkpoint_is_named_that_saves_nothing():
    flat = synthetic.falling(0.9, 0.45, pace=20)
    run = synthetic.make(
        synthetic.noisy(synthetic.falling(2.3, 0.01)),
        synthetic.falling(2.3, 1.2, pace=20),
        train_accuracy=1 - synthetic.falling(0.9, 0.0),
        val_accuracy=1 - flat,
    )
    assert first("overfitting", run).parameter == "weight_decay"


def test_a_rate_is_raised_by_a_thousand_times_at_the_most():
    loss = synthetic.noisy(np.linspace(2.3, 2.29, synthetic.STEPS), 0.001)
    assert first("lr_too_low", synthetic.make(loss, lr=1e-4, update_ratio=1e-9)).factor == 1000


def test_a_forecast_that_is_held_by_its_bound_does_not_name_a_level():
    (found,) = rules.get("keep_training").check(synthetic.make(np.linspace(2.3, 0.3, synthetic.STEPS)))
    assert "from 0.399 to below 0.1" in found.message and found.remedies[0].because.endswith("75% or more")


def test_a_norm_that_grew_all_along_asks_for_zero_grad():
    run = synthetic.make(synthetic.noisy(synthetic.falling(last=1.0, pace=30)))
    norm = Curve(GRAD_NORM, np.arange(1, synthetic.STEPS + 1), np.geomspace(0.5, 150, synthetic.STEPS))
    look, clip = rules.get("exploding_gradient").check(synthetic.with_curves(run, norm)).__next__().remedies
    assert look.parameter == "zero_grad" and "bursts" not in clip.because


def test_what_never_held_for_new_examples_is_said_to_need_a_look_at_the_labels():
    train = synthetic.noisy(synthetic.falling(2.3, 0.01))
    (found,) = rules.get("overfitting").check(synthetic.make(train, np.linspace(2.3, 6.0, synthetic.STEPS)))
    assert "whether the labels belong to their inputs" in found.message
    rose = synthetic.falling(2.3, 0.5, pace=20) + np.linspace(0, 1.0, synthetic.STEPS)
    (found,) = rules.get("overfitting").check(synthetic.make(train, rose))
    assert "labels" not in found.message


def _circling_at(last_rate):
    """Validation that jumps about at a rate that came down in a line to ``last_rate`` of its peak."""
    level = synthetic.falling(2.3, 0.1, pace=40.0)
    jumps = np.random.default_rng(1).choice([-1.0, 1.0], len(level))
    return synthetic.make(
        synthetic.noisy(level, 0.1), level * (1 + 0.1 * jumps), lr=np.linspace(0.1, 0.1 * last_rate, 1000)
    )


@pytest.mark.parametrize("last, said", [(1.0, "that never fell"), (0.5, "that is still at 50% of its peak")])
def test_a_rate_that_came_down_a_little_is_not_said_to_have_stayed(last, said):
    (found,) = rules.get("needs_decay").check(_circling_at(last))
    assert said in found.message


def test_no_decay_is_asked_for_while_one_is_under_way():
    assert list(rules.get("needs_decay").check(replace(_circling_at(1.0), state=RUNNING)))
    assert not list(rules.get("needs_decay").check(replace(_circling_at(0.5), state=RUNNING)))


def test_a_run_at_the_end_of_its_plan_is_not_told_to_go_on_with_it():
    run = synthetic.make(synthetic.noisy(synthetic.falling(pace=1.0)))
    run = replace(run, config={"max_steps": 1001}, state=RUNNING)
    assert "as planned" not in first("keep_training", run).action


def test_what_a_stop_saves_is_a_share_of_the_run_and_not_of_its_evaluations():
    """Evaluated for the first time where validation was best, at a tenth of the run."""
    run = synthetic.make(synthetic.noisy(synthetic.falling(2.3, 0.01)))
    late = np.arange(100, 1001, 25)
    run = synthetic.with_curves(run, Curve("val/loss", late, np.linspace(0.5, 1.0, len(late))))
    assert "saves 90%" in first("overfitting", run).because
