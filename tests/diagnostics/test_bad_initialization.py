"""What the layers add to a plateau: which rest is a bad start, and which is not."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import RUNNING, Shape
from diagnostics import Run, diagnose, rules, synthetic

RULE = rules.get("bad_initialization")
SOUND, SHRINKING = [0.3, 0.5, 1.0], [1e-4, 1e-2, 1.0]  # gradients from the input to the output


def rested(share: float, *, last: float = 0.02, level: float = 0.06) -> Run:
    """A loss that learns the mean at once, rests at ``level`` for ``share`` of the run and then falls to ``last``."""
    flat = int(share * synthetic.STEPS)
    values = np.r_[np.full(flat, level), synthetic.falling(level, last, steps=synthetic.STEPS - flat)]
    values[:5] = 0.1
    return synthetic.make(synthetic.noisy(values, 0.1))


def said(run: Run):
    return next(iter(RULE.check(run)), None)


def growing(run: Run, factor: float, until: int) -> Run:
    """``run`` with layers whose norm grows by ``factor`` up to step ``until``."""
    run = synthetic.layered(run, SOUND)
    return replace(run, layers=run.layers.assign(weight_norm=factor ** np.minimum(1, run.layers.step / until)))


def test_a_rest_at_the_mean_is_a_bad_start_only_where_the_layers_say_so():
    run = rested(0.4)
    assert "rested at 0.06" in said(synthetic.layered(run, SHRINKING)).message
    assert said(synthetic.layered(run, SOUND)) is None
    assert said(run) is None
    assert said(synthetic.layered(rested(0.02), SHRINKING)) is None


def test_a_loss_that_never_moves_again_is_one_where_a_layer_stands_still():
    run = rested(0.4, last=0.06)
    still = synthetic.layered(run, SHRINKING, update_ratio=[1e-7, 1e-5, 1e-3])
    assert "has not moved from 0.06" in said(still).message
    assert said(synthetic.layered(run, SHRINKING)) is None


def test_a_layer_that_a_decay_took_was_not_small_from_the_start():
    """One setting accounts for it; a decay that is set without being strong does not."""
    still = synthetic.layered(rested(0.4, last=0.06), SHRINKING, update_ratio=[1e-7, 1e-5, 1e-3])
    taken = replace(still, layers=still.layers.assign(weight_norm=np.geomspace(5, 0.1, len(still.layers))))
    assert said(synthetic.with_config(taken, weight_decay=1e-4)) is not None
    assert said(synthetic.with_config(taken, weight_decay=0.1)) is None


def test_weights_that_were_trained_before_may_be_large_under_a_normalization():
    """Fine-tuning moves them by little, and its settings may say so."""
    large = RULE.fires["as large, under a normalization"]()
    ratio = large["optim/update_ratio"]
    curves = {**large.curves, ratio.tag: replace(ratio, values=np.full(len(ratio), 2e-4))}
    assert said(large) and said(replace(large, curves=curves)) is None
    assert said(synthetic.with_config(large, pretrained="gpt2")) is None


def test_no_normalization_is_advised_where_there_is_one():
    (finding,) = RULE.check(RULE.fires["as large, under a normalization"]())
    assert "normalization" not in {remedy.parameter for remedy in finding.remedies}


def test_a_run_in_flight_is_given_its_first_hundred_points():
    still = synthetic.layered(rested(0.4, last=0.06), SHRINKING, update_ratio=[1e-7, 1e-5, 1e-3], every=5)
    assert said(still.until(90)) is None
    assert said(replace(still.until(300), state=RUNNING))


@pytest.mark.parametrize("factor, found", [(40, True), (2, False)])
def test_weights_that_had_to_grow_many_times_over_began_too_small(factor, found):
    values = np.r_[np.full(200, 2.3), np.linspace(2.3, 1.2, 250), synthetic.falling(1.2, steps=550)]
    run = growing(synthetic.make(synthetic.noisy(values, 0.02)), factor, until=400)
    assert bool(said(run)) is found


def test_weights_thrown_far_from_where_they_started_are_not_held_by_their_start():
    stuck = synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02))
    assert said(growing(stuck, 2, until=100))
    assert said(growing(stuck, 100, until=100)) is None


@pytest.mark.parametrize("pace, found", [(3, True), (60, False)])
def test_a_high_first_loss_counts_once_it_costs_steps(pace, found):
    values = synthetic.falling(1.7 * np.log(10), 0.3, pace=pace)
    run = replace(synthetic.make(synthetic.noisy(values, 0.02)), classes=10, loss="cross_entropy")
    assert bool(said(run)) is found


def test_a_narrow_network_that_stands_still_is_no_bad_start():
    run = synthetic.layered(rested(0.4, last=0.06), SHRINKING, update_ratio=[1e-7, 1e-5, 1e-3])
    assert said(synthetic.with_config(run, width=64)) and said(synthetic.with_config(run, width=2)) is None


def test_one_layer_that_grows_says_nothing():
    values = np.r_[np.full(200, 2.3), np.linspace(2.3, 1.2, 250), synthetic.falling(1.2, steps=550)]
    run = synthetic.layered(synthetic.make(synthetic.noisy(values, 0.02)), SOUND)
    grows = np.where(run.layers.layer == run.layers.layer.iloc[-1], 40 ** np.minimum(1, run.layers.step / 400), 1.0)
    assert said(replace(run, layers=run.layers.assign(weight_norm=grows))) is None


@pytest.mark.parametrize("activation, rule", [("tanh", "xavier_normal"), ("relu", "kaiming_normal")])
def test_the_rule_to_initialize_by_suits_the_activation(activation, rule):
    stuck = synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02))
    assert said(synthetic.with_config(stuck, activation=activation)).remedies[0].value == rule


def test_the_remedy_says_by_how_much_the_weights_are_off():
    examples = RULE.fires
    (finding,) = RULE.check(examples["flat at first, from weights of a twentieth"]())
    first = finding.remedies[0]
    assert (first.parameter, first.factor) == ("init_scale", 12) and "0.05 / √fan-in" in finding.message
    (finding,) = RULE.check(examples["flat for 12 % of the run"]())
    assert finding.remedies[0].parameter == "init"


def test_a_decay_without_validation_is_judged_as_well():
    never = synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02))
    assert said(synthetic.with_config(never, weight_decay=0.3)) is not None


@pytest.mark.parametrize("first, found", [(0.693, True), (0.8, False)])
def test_from_a_guess_to_one_answer_is_a_start_that_was_never_left(first, found):
    """Two classes, one of them 60 % of the examples; nobody said so."""
    levels, right = synthetic.falling(first, 0.673, pace=20), np.full(synthetic.STEPS, 0.6)
    run = synthetic.make(np.r_[first, synthetic.noisy(levels, 0.03)[1:]], levels, val_accuracy=right, lr=0.1)
    assert (said(run) is not None) is found
    assert not found or said(synthetic.with_config(run, dropout=0.9)) is None


def test_batches_that_differ_more_than_the_loss_fell_do_not_hide_that_nothing_was_learned():
    train = np.r_[1.15, synthetic.noisy(np.full(synthetic.STEPS, 1.0), 0.14)[1:]]
    assert "Validation loss never left" in said(synthetic.make(train, np.full(synthetic.STEPS, 0.9))).message
    assert said(synthetic.make(train, synthetic.falling(0.9, 0.6))) is None


def test_a_loss_that_is_summed_over_the_batch_is_no_matter_of_the_weights():
    loss = 64 * synthetic.noisy(synthetic.falling(2.3026, 0.1))
    run = synthetic.make(loss, classes=10, loss="cross_entropy")
    assert said(run) is not None and said(synthetic.with_config(run, batch_size=64)) is None
    report = diagnose(synthetic.with_config(run, batch_size=64))
    (found,) = [f for f in report.findings if f.rule == "wrong_initial_loss"]
    assert "summed, not averaged" in found.message and found.remedies[0].value == "mean"


def test_a_start_that_is_never_left_says_that_it_is_a_guess_and_how_to_look_for_a_bug():
    found = said(
        synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 2.3026), 0.02), classes=10, loss="cross_entropy")
    )
    assert "what a guess among 10 classes costs" in found.message
    assert {"train_size", "inputs"} <= {remedy.parameter for remedy in found.remedies}


@pytest.mark.parametrize("last, is_seen", [(1.8, False), (2.29, True)])
def test_validation_that_came_down_has_left_its_start_whatever_training_shows(last, is_seen):
    """What is learned of one class of sorted data lifts the loss of the next."""
    flat = synthetic.noisy(np.full(synthetic.STEPS, 2.31), 0.01)
    run = synthetic.make(flat, synthetic.noisy(np.linspace(2.31, last, synthetic.STEPS), 0.003), lr=0.1)
    assert any(rules.get("bad_initialization").check(run)) is is_seen


@pytest.mark.parametrize("right, is_seen", [((0.97, 0.975), False), ((0.3, 0.9), True)])
def test_large_weights_that_came_trained_are_no_bad_start(right, is_seen):
    """A checkpoint goes on in a new folder: it knows from its first evaluation on."""
    loss = synthetic.noisy(synthetic.falling(0.05, 0.01), 0.05)
    run = synthetic.make(loss, val_accuracy=np.linspace(*right, synthetic.STEPS), lr=1e-3)
    run = synthetic.layered(run, np.ones(2), update_ratio=np.full(2, 5e-3))
    assert run.layers is not None
    shapes = {name: Shape("Linear", (64, 64)) for name in run.layers["layer"].unique()}
    run = replace(run, layers=run.layers.assign(weight_norm=8.0 * 2.5), shapes=shapes)  # √64 outputs, 2.5 / √fan-in
    assert any(RULE.check(run)) is is_seen
    assert not any(RULE.check(synthetic.with_config(run, resume="last.pt")))
