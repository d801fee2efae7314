"""How long a run was meant to be."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import LR
from diagnostics import Curve, Run, rules, synthetic
from diagnostics.stats.plan import cut_short, done, early, first_pass


def half_way(**settings) -> Run:
    """1,000 steps that have not quite levelled off."""
    return synthetic.with_config(synthetic.make(synthetic.noisy(synthetic.falling(pace=40))), **settings)


def rated(rate: np.ndarray) -> Run:
    run = half_way()
    return Run(run.name, {**run.curves, LR: Curve(LR, np.arange(1, len(rate) + 1), rate)}, state="finished")


@pytest.mark.parametrize(
    "settings, share",
    [
        ({"max_steps": 2000}, 0.5),
        ({"max_steps": -1}, None),
        ({}, None),
        ({"max_epochs": 10}, 0.3),
        ({"max_steps": -1, "num_train_epochs": 3.0}, 1.0),
        ({"steps": 2000}, None),
        ({"steps": 50, "epochs": 10}, 0.3),
    ],
)
def test_the_share_of_the_plan(settings, share):
    run = half_way(**settings)
    run = replace(run, epochs=Curve("epoch", np.array([1, 500, 1000]), np.array([0.0, 1.0, 2.0])))
    assert done(run) == (share if share is None else pytest.approx(share, rel=0.01))


@pytest.mark.parametrize(
    "state, settings, soon",
    [
        ("running", {"max_steps": 4000}, True),
        ("running", {"max_steps": 2000}, False),
        ("running", {}, True),
        ("running", {"steps": 2000}, False),
        ("running", {"steps": 50}, True),  # of something else: the run is long past them
        ("finished", {"max_steps": 4000}, False),
    ],
)
def test_early_is_what_goes_on_and_is_not_known_to_be_far(state, settings, soon):
    assert early(replace(half_way(**settings), state=state)) == soon


@pytest.mark.parametrize(
    "epochs, planned, soon",
    [
        ([0, 0, 0], 1, True),  # the first pass is under way
        ([1, 1, 1], 2, True),
        ([0, 1, 2], 4, False),
        ([1, 2, 3], 3, False),
        ([40, 40, 40.5], 50, True),  # resumed
    ],
)
def test_a_pass_under_way_or_before_a_resume_is_not_counted(epochs, planned, soon):
    run = replace(half_way(epochs=planned), epochs=Curve("epoch", np.array([1, 500, 1000]), np.array(epochs, float)))
    assert early(replace(run, state="running")) == soon


def test_steps_before_the_log_are_not_counted():
    run = replace(synthetic.make(np.full(60, 2.3)), state="running")
    late = replace(run, curves={tag: Curve(tag, c.steps + 50_000, c.values) for tag, c in run.curves.items()})
    assert early(synthetic.with_config(late, max_steps=54_000))


def test_a_rule_that_waits_for_the_end_asks_from_far_on():
    flat = replace(synthetic.make(synthetic.noisy(np.full(60, 2.3), 0.02)), state="running")
    asked = [list(rules.get("bad_initialization").check(synthetic.with_config(flat, max_steps=n))) for n in (600, 100)]
    assert not asked[0] and asked[1]


def test_one_pass_over_the_data_is_not_over():
    epochs = Curve("epoch", np.array([1, 1000]), np.array([0.0, 0.6]))
    assert first_pass(replace(half_way(), epochs=epochs)) and not first_pass(half_way())
    assert list(rules.get("keep_training").check(replace(half_way(), epochs=epochs)))
    assert not list(rules.get("keep_training").check(half_way()))


@pytest.mark.parametrize(
    "rate, cut",
    [
        (0.1 * 0.5 * (1 + np.cos(np.pi * np.arange(1000) / 4000)), True),
        (np.linspace(0.1, 0.07, 1000), True),
        (0.1 * 0.5 * (1 + np.cos(np.pi * np.arange(1000) / 1000)), False),
        (np.full(1000, 0.1), False),
        (np.r_[np.full(800, 0.1), np.full(200, 0.06)], False),
        (0.1 * (1 + np.arange(1000) / 400) ** -0.5, False),
        (np.linspace(0.01, 0.1, 1000), False),
    ],
)
def test_a_schedule_that_had_only_begun_to_come_down(rate, cut):
    assert cut_short(rated(rate)) == cut
