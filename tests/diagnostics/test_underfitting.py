"""What makes a low end of the road an underfit one, and when nothing can be said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from collector.schema import Shape
from diagnostics import Run, rules, synthetic

RULE = rules.get("underfitting")


def stuck(left: float, *, gap: float = 1.0, first: float = 2.3, jitter: float = 0.002, **known) -> Run:
    """Both losses level off at ``left`` of ``first``, validation ``gap`` times training."""
    loss = synthetic.falling(first, left * first, pace=25)
    val = first + (gap * left * first - first) * (1 - (loss - loss[-1]) / (first - loss[-1]))
    settings = {k: known.pop(k) for k in ("width", "dropout", "weight_decay", "optimizer") if k in known}
    run = synthetic.make(synthetic.noisy(loss, 0.02), synthetic.noisy(val, jitter, seed=1), **known)
    return synthetic.with_config(run, **settings)


def shrunk(run: Run, *norms: float) -> Run:
    """``run`` with the norms of its one layer at the start, half way and at the end."""
    table = pd.DataFrame({"step": [1, 500, 1000], "layer": "0.weight", "weight_norm": norms})
    return replace(run, layers=table)


def said(run: Run):
    return None if RULE.missing(run) else next(iter(RULE.check(run)), None)


@pytest.mark.parametrize(
    "known, parameter",
    [
        ({"width": 3}, "width"),
        ({"dropout": 0.85}, "dropout"),
        ({"weight_decay": 0.05, "optimizer": "SGD"}, "weight_decay"),
        ({"weight_decay": 1.0, "optimizer": "AdamW"}, "weight_decay"),
        ({"weight_decay": 1.0, "optimizer": "Lion"}, "weight_decay"),
    ],
)
def test_a_setting_that_holds_the_network_back_is_named_and_changed_first(known, parameter):
    found = said(shrunk(stuck(0.3, **known), 5.0, 2.0, 1.0))
    assert found.severity == "warning"
    assert found.remedies[0].parameter == parameter
    assert f"{known[parameter]:g}" in found.message


@pytest.mark.parametrize("decay, is_found", [(0.05, True), (0.02, False)])
def test_an_absurd_decay_counts_where_nobody_saw_the_weights(decay, is_found):
    found = said(stuck(0.3, weight_decay=decay, optimizer="SGD"))
    assert (found is not None) is is_found
    assert not is_found or "10 times what is strong" in found.message
    assert said(stuck(0.3, weight_decay=decay)) is None  # usual with AdamW, if it is that


@pytest.mark.parametrize(
    "known",
    [
        {"width": 64},
        {"dropout": 0.3},
        {"weight_decay": 5e-4, "optimizer": "SGD"},
        {"weight_decay": 0.1, "optimizer": "AdamW"},
        {"weight_decay": 0.1, "optimizer": "Lion"},
    ],
)
def test_usual_settings_explain_nothing(known):
    assert said(stuck(0.3, **known)) is None


def test_weights_that_did_not_shrink_much_or_were_not_seen_are_not_held_by_their_decay():
    run = stuck(0.3, weight_decay=0.05)
    assert said(run) is None
    assert said(shrunk(run, 3.0, 2.9, 2.8)) is None
    assert said(shrunk(run, 5.0, 3.0, 2.3)) is None
    assert "30% of their norm" in said(shrunk(run, 5.0, 3.0, 1.5)).message


def test_a_decay_that_took_the_weights_is_named_though_nothing_was_learned():
    run = stuck(0.99, weight_decay=0.05)
    assert said(run) is None
    assert "2% of their norm" in said(shrunk(run, 5.0, 0.5, 0.1)).message


@pytest.mark.parametrize("left, found", [(0.1, True), (0.04, False)])
def test_right_answers_are_a_solved_task_only_where_they_are_sure(left, found):
    run = stuck(left, width=3, train_accuracy=np.full(synthetic.STEPS, 0.99))
    assert bool(said(run)) is found


def test_a_solved_task_or_a_gap_is_no_underfitting():
    assert said(stuck(0.01, width=3)) is None
    assert said(stuck(0.3, gap=1.5, width=3)) is None


@pytest.mark.parametrize("left", [0.5, 0.8])
def test_poor_accuracy_alone_is_no_fault_but_is_said(left):
    right = np.full(synthetic.STEPS, 0.5)
    run = stuck(left, first=np.log(5), classes=5, train_accuracy=right, val_accuracy=right)
    assert said(run) is None
    (fine,) = rules.get("healthy").check(run)
    assert not fine.remedies and "50%" in fine.message
    (fine,) = rules.get("healthy").check(stuck(left, train_accuracy=right, val_accuracy=right - 0.1))
    assert fine.remedies == ()


def test_without_a_yardstick_it_is_not_checked():
    assert "not known" in RULE.missing(stuck(0.8))


@pytest.mark.parametrize("width, found", [(3, True), (None, False)])
def test_a_slow_gain_that_a_setting_explains_is_no_reason_to_go_on(width, found):
    steps = np.arange(1, synthetic.STEPS + 1)
    loss = 2.0 * steps**-0.06
    run = synthetic.make(synthetic.noisy(loss, 0.01), synthetic.noisy(loss, 0.001, seed=1), classes=50)
    run = synthetic.with_config(run, **({"width": width} if width else {}))
    assert bool(said(run)) is found


@pytest.mark.parametrize("began, ends, found", [(0.1, 0.1, True), (0.1, 0.5, False), (0.7, 0.7, False)])
def test_a_network_whose_accuracy_never_rose_has_learned_nothing_however_far_its_loss_fell(began, ends, found):
    right = began + (ends - began) * (1 - np.exp(-np.arange(synthetic.STEPS) / 100))
    run = stuck(0.65, first=3.5, train_accuracy=right, val_accuracy=right)
    assert bool(said(run)) is found
    if found:
        assert "learned nothing" in said(run).message and said(run).remedies[0].parameter == "lr"


@pytest.mark.parametrize(
    "norm, known, fires",
    [
        (6.0, {"weight_decay": 0.05, "optimizer": "SGD"}, True),  # 0.05 · 36 / 2.3 = 0.78 of the first loss
        (6.0, {"weight_decay": 0.05, "optimizer": "RMSprop"}, True),
        (3.0, {"weight_decay": 0.05, "optimizer": "SGD"}, False),  # 0.2 of it
        (60.0, {"weight_decay": 5e-4, "optimizer": "SGD"}, False),  # a usual decay of a large network
        (20.0, {"weight_decay": 0.01, "optimizer": "Adam"}, False),  # 1.7 of it, and removing it would bring little
        (6.0, {"weight_decay": 0.6, "optimizer": "AdamW"}, False),  # no part of the gradient
    ],
)
def test_a_decay_that_still_pulls_at_the_weights_holds_them_down(norm, known, fires):
    found = said(shrunk(stuck(0.3, **known), norm, norm, norm))
    assert (found is not None) == fires
    assert not fires or (found.remedies[0].parameter == "weight_decay" and "holds the weights down" in found.message)


def resting(right: float, learned: bool = False) -> Run:
    """Two classes; the loss ends at that of an answer that is right with a probability of ``right``, be it the same for all or not."""
    ends = float(-right * np.log(right) - (1 - right) * np.log(1 - right))
    rights = synthetic.falling(0.5, right, pace=20) if learned else np.full(synthetic.STEPS, right)
    train = synthetic.noisy(synthetic.falling(0.8, ends, pace=60), 0.01)
    return synthetic.make(
        train, synthetic.falling(0.8, ends, pace=60), val_accuracy=rights, lr=0.1, classes=2, loss="cross_entropy"
    )


def test_the_same_answer_to_every_example_is_nothing_learned():
    assert "the same answer" in said(resting(0.6)).message
    assert "the same answer" in said(resting(0.5)).message


def test_labels_that_are_right_in_60_per_cent_of_the_cases_can_be_learned():
    assert said(resting(0.6, learned=True)) is None


def test_the_width_is_that_of_the_widest_layer_before_the_last():
    shapes = {
        "0.weight": Shape("Linear", (2, 64)),
        "2.weight": Shape("Linear", (2, 2)),
        "4.weight": Shape("Linear", (10, 2)),
    }
    assert said(replace(stuck(0.6), shapes=shapes)).remedies[0].parameter == "width"
    wide = {"2.weight": Shape("Linear", (50, 2)), "4.weight": Shape("Linear", (10, 50))}
    assert said(replace(stuck(0.6), shapes=shapes | wide)) is None


@pytest.mark.parametrize("module, gates", [("GRU", 3), ("LSTM", 4)])
def test_gates_that_torch_keeps_in_one_matrix_are_no_units(module, gates):
    shapes = {"0.weight_ih_l0": Shape(module, (2 * gates, 12)), "1.weight": Shape("Linear", (10, 2))}
    assert "2 wide" in said(replace(stuck(0.6), shapes=shapes)).message


def test_the_rank_of_an_adapter_is_no_width():
    shapes = {"0.lora_A.weight": Shape("Linear", (4, 768)), "0.lora_B.weight": Shape("Linear", (768, 4))}
    assert said(replace(stuck(0.6), shapes=shapes)) is None


def test_a_residual_network_is_as_wide_as_what_its_last_layer_takes():
    shapes = {
        "0.weight": Shape("Linear", (2, 64)),
        "1.up.weight": Shape("Linear", (50, 2)),
        "1.down.weight": Shape("Linear", (2, 50)),
        "2.weight": Shape("Linear", (10, 2)),
    }
    assert "2 wide" in said(replace(stuck(0.6), shapes=shapes)).message


def test_one_answer_is_seen_without_the_number_of_classes_where_there_are_evaluations_enough():
    assert "the same answer" in said(replace(resting(0.6), classes=None)).message
    assert said(replace(resting(0.6, learned=True), classes=None)) is None
