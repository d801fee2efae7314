"""A loss that was thrown up and stays there, and what only looks like one."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import FINISHED, RUNNING, VAL_LOSS
from diagnostics import diagnose, rules, synthetic
from diagnostics.curve import Curve
from diagnostics.stats.rewards import rewarded
from diagnostics.stats.thrown import thrown


def known_before(values, first=2.3):
    """Validation was measured before the first step."""
    return synthetic.with_curves(
        synthetic.make(np.asarray(values, float)), Curve(VAL_LOSS, np.array([0]), np.array([first]))
    )


def test_far_above_the_start_three_losses_are_enough():
    assert thrown(known_before([2.3, 1800.0])) is None
    seen = thrown(known_before([2.3, 1800.0, 900.0, 1300.0]))
    assert seen is not None and seen.first == 2.3 and seen.since == 2 and seen.until == 4


@pytest.mark.parametrize("height, is_seen", [(100.0, True), (1.5, False)])
def test_a_loss_that_swings_far_above_its_start_is_lost_however_wide_it_swings(height, is_seen):
    """Between almost nothing and ``height`` times its start, over and over: no jump stands out of such noise."""
    swings = height * np.tile([0.01, 0.4, 1.0, 0.3, 1.2], 40)
    assert (thrown(known_before(np.r_[2.3, swings])) is not None) is is_seen


def test_few_losses_near_the_start_say_nothing():
    assert thrown(known_before([2.3, 3.0, 3.5, 3.2, 3.6, 4.0])) is None


@pytest.mark.parametrize("seed", range(20))
def test_noisy_batches_of_a_sound_start_were_not_thrown(seed):
    values = synthetic.noisy(np.full(40, 1.0), 0.4, seed)
    assert not any(thrown(known_before(values[:n], 1.0)) for n in range(3, 41))


def test_dropout_that_lifts_training_from_the_first_batch_is_no_jump():
    values = synthetic.noisy(np.linspace(4.5, 2.5, 40), 0.05)
    assert not any(thrown(known_before(values[:n])) for n in range(3, 41))


def test_a_loss_that_gave_back_what_it_had_won():
    values = synthetic.noisy(np.r_[np.linspace(2.3, 1.0, 200), np.full(5, 4.0), np.full(200, 2.3)], 0.01)
    seen = thrown(known_before(values))
    assert seen is not None and seen.since == 201
    assert thrown(known_before(values[:200])) is None


@pytest.mark.parametrize("name", rules.get("diverged").fires)
def test_what_a_finding_measures_is_beyond_the_limit_it_prints(name):
    (finding,) = rules.get("diverged").check(rules.get("diverged").fires[name]())
    (evidence,) = finding.evidence
    beyond = (
        evidence.measured <= evidence.threshold
        if evidence.statistic.startswith("median change")
        else evidence.measured >= evidence.threshold > 0
    )
    assert beyond


def test_what_was_won_and_given_back_has_a_limit_of_its_own():
    values = np.r_[synthetic.falling(2.3, 0.5, steps=300), np.full(10, 9.0), np.full(690, 2.1)]
    seen = thrown(synthetic.make(synthetic.noisy(values, 0.01)))
    assert seen.best == pytest.approx(0.5, rel=0.1) and seen.best < seen.limit < seen.last < seen.first


def sorted_by_class(evals: dict[int, float] | None = None, *, length: int = 40):
    """The first epoch of a run of ``length`` batches on two classes, one after the other: the second starts the worse for the first."""
    first, second = np.geomspace(0.7, 0.05, length // 2), np.linspace(2.0, 1.2, length // 2)
    run = replace(synthetic.with_epochs(synthetic.make(np.r_[first, second]), length), state=RUNNING)
    val = [] if evals is None else [Curve(VAL_LOSS, np.array(list(evals)), np.array(list(evals.values())))]
    return synthetic.with_curves(run, *val)


def test_within_the_first_epoch_the_order_of_the_data_may_lift_a_loss():
    assert thrown(sorted_by_class()) is None
    assert thrown(replace(sorted_by_class(), state=FINISHED)) is not None


@pytest.mark.parametrize("level, is_seen", [(0.6, False), (0.9, True)])
def test_validation_tells_whether_a_lifted_loss_is_that_of_the_weights(level, is_seen):
    assert (thrown(sorted_by_class({120: level}, length=120)) is not None) is is_seen


@pytest.mark.parametrize("tag", ["rollout/ep_rew_mean", "charts/episodic_return", "env/reward", "episode_reward"])
def test_an_agents_loss_rises_with_what_it_gains(tag):
    rising = synthetic.make(synthetic.noisy(np.linspace(40, 200, 1000), 0.2), lr=1e-3)
    assert diagnose(rising).verdict == "diverged"
    gains = Curve(tag, rising["train/loss"].steps, np.linspace(10, 200, 1000))
    assert diagnose(synthetic.with_curves(rising, gains)).verdict not in ("diverged", "lr_too_high")


def test_rewards_are_told_from_other_names():
    returns = synthetic.make(np.ones(10))
    for tag in ("train/return_on_equity", "perf/step_time", "val/forward", "train/prewarped"):
        assert not rewarded(synthetic.with_curves(returns, Curve(tag, np.arange(3), np.ones(3))))


@pytest.mark.parametrize("count, is_seen", [(60, False), (150, True)])
def test_a_mild_lift_in_flight_may_yet_come_down(count, is_seen):
    values = synthetic.noisy(np.r_[0.69, np.full(4, 1.4), np.full(count, 0.75)], 0.01)
    run = known_before(values, 0.69)
    steps = np.r_[0, np.linspace(10, count, 4).astype(int)]
    run = synthetic.with_curves(run, Curve(VAL_LOSS, steps, np.r_[0.69, np.full(4, 0.75)]))
    assert (thrown(replace(run, state=RUNNING)) is not None) is is_seen
    assert thrown(run) is not None


@pytest.mark.parametrize("ratio, is_seen", [(0.0015, False), (0.05, True)])
def test_steps_that_never_were_long_threw_nothing_up(ratio, is_seen):
    """An agent's loss rises with what it gains; where nobody logged that, the updates tell."""
    rising = synthetic.noisy(np.linspace(40, 200, 1000), 0.1)
    assert (thrown(synthetic.make(rising, lr=1e-3, update_ratio=ratio)) is not None) is is_seen
