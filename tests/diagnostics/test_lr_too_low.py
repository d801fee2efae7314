"""Short steps beside a loss that levelled off, was solved, or waits for its warmup; how far a rate is raised."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import RUNNING
from diagnostics import rules, synthetic


def _levelled(first, left=0.67, ratio=8e-4):
    """A classifier of ten classes that began at ``first`` and kept ``left`` of it."""
    loss = synthetic.falling(first, first * left, pace=20)
    run = synthetic.make(synthetic.noisy(loss, 0.02), loss + 0.01, lr=1e-4, update_ratio=ratio)
    return replace(run, classes=10, loss="cross_entropy")


def _found(run):
    return list(rules.get("lr_too_low").check(run))


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(_levelled(2.3), id="noisy targets"),
        pytest.param(_levelled(1.2), id="fine-tuned"),
        pytest.param(_levelled(2.3, left=0.3), id="learned"),
        pytest.param(_levelled(2.3, ratio=3e-3), id="longer steps"),
        pytest.param(_levelled(2.3, left=0.01, ratio=2e-4), id="solved"),
    ],
)
def test_levelled_off_for_another_reason(run):
    assert not _found(run)


def test_steps_so_short_are_no_matter_where_the_loss_has_levelled_off():
    assert not _found(_levelled(1.2, ratio=2e-4))


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"pretrained": "bert"}, 0),
        ({"init_from": "gpt2"}, 0),
        ({"init_from": "scratch"}, 1),
        ({"pretrained": False}, 1),
    ],
)
def test_weights_that_were_trained_before_take_short_steps(config, found):
    loss = synthetic.falling(2.3, 0.2, pace=1.0)
    run = synthetic.make(synthetic.noisy(loss, 0.02), loss + 0.01, lr=1e-4, update_ratio=2e-4)
    assert len(_found(replace(run, config=config))) == found


@pytest.mark.parametrize(("noise", "found"), [(0.0005, 1), (0.002, 0)])
def test_a_fall_that_short_steps_make_small_goes_on_while_it_is_clear(noise, found):
    loss = 2.3 - 0.6 * (1 - np.exp(-np.arange(synthetic.STEPS) / 100)) - 0.02 * np.linspace(0, 1, synthetic.STEPS)
    val = synthetic.noisy(loss + 0.01, noise, seed=1)
    assert len(_found(synthetic.make(synthetic.noisy(loss, 0.02), val, lr=1e-4, update_ratio=2e-4))) == found


def test_nothing_is_said_where_validation_rises():
    run = _levelled(2.3, ratio=2e-4)
    val = run["val/loss"]
    rising = replace(val, values=np.linspace(1.0, 2.0, len(val)))
    assert not _found(synthetic.with_curves(run, rising))


def test_the_rate_is_raised_to_update_ratios_of_sound_runs():
    loss = synthetic.falling(2.3, 0.2, pace=1.0)
    run = synthetic.make(synthetic.noisy(loss, 0.02), loss + 0.01, lr=1e-4, update_ratio=2e-4)
    factor = _found(run)[0].remedies[0].factor
    assert factor is not None and 3e-3 <= 2e-4 * factor <= 1e-2


def test_a_straight_creep_is_seen_on_validation_where_the_batches_hide_it():
    train = np.r_[1.15, synthetic.noisy(np.linspace(1.0, 0.995, synthetic.STEPS), 0.14)[1:]]
    (found,) = _found(synthetic.make(train, np.linspace(0.9, 0.895, synthetic.STEPS), lr=1e-6))
    assert "Validation loss fell by 0.0053 of its start" in found.message


@pytest.mark.parametrize("pace, last, found", [(0.2, 1.9, True), (1.5, 2.2, False), (0.4, 0.1, False)])
def test_an_even_fall_that_leaves_most_of_the_start_is_a_creep(pace, last, found):
    loss = synthetic.falling(2.3, last, pace=pace)
    val = synthetic.noisy(loss, 0.01 * (loss[0] - loss[-1]) / loss[0], seed=1)
    assert bool(_found(synthetic.make(synthetic.noisy(loss, 0.01), val, lr=1e-5))) is found


@pytest.mark.parametrize(
    "cosine, ratio, found", [(0.5, 0.02, True), (0.3, 0.02, False), (0.3, 5e-3, True), (0.5, 0.1, False)]
)
def test_a_plainly_straight_way_is_gone_in_too_short_steps_whatever_they_are_beside_the_weights(cosine, ratio, found):
    """As of a single layer, whose weights are small beside what they are to become."""
    loss = synthetic.falling(2.3, 0.3, pace=1.5)
    every = synthetic.make(synthetic.noisy(loss, 0.02), loss, lr=1e-3, update_ratio=ratio, update_alignment=cosine)
    cosines = every["optim/update_alignment"].where(every["train/loss"].steps % 20 == 0)
    noise = 0.02 * np.random.default_rng(0).standard_normal(len(cosines))
    run = synthetic.with_curves(every, replace(cosines, values=cosines.values + noise))
    assert bool(_found(run)) is found


@pytest.mark.parametrize("last, found", [(0.9, True), (0.3, False)])
def test_in_flight_a_way_that_is_mostly_behind_asks_for_no_higher_rate(last, found):
    loss = synthetic.falling(2.3, last, pace=4)
    every = synthetic.make(synthetic.noisy(loss, 0.02), loss, lr=1e-3, update_ratio=5e-3, update_alignment=0.3)
    cosines = every["optim/update_alignment"].where(every["train/loss"].steps % 20 == 0)
    noise = 0.02 * np.random.default_rng(0).standard_normal(len(cosines))
    run = synthetic.with_curves(every, replace(cosines, values=cosines.values + noise))
    assert bool(_found(replace(run.until(700), state=RUNNING))) is found
    assert not _found(replace(run.until(20), state=RUNNING))
