"""Weights that long steps threw out, and weights that grew with what was learned."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import Shape
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.stats.large_weights import collapsed, swelled

STEPS = np.arange(1, synthetic.STEPS + 1)
SHAPES = {f"{i}.weight": Shape("Linear", (100, 100)) for i in range(3)}


def grown(loss, times, *, ratio, at=60, **settings):
    """A run on ``loss`` whose first layer has grown ``times`` by step ``at`` and stays so."""
    made = synthetic.make(synthetic.noisy(loss, 0.03), lr=0.1, update_ratio=ratio)
    made = synthetic.layered(synthetic.with_config(made, **settings), np.ones(3), update_ratio=np.full(3, 5e-3))
    table = made.layers.assign(weight_norm=10.0)
    first = table["layer"] == table["layer"].iloc[0]
    norms = 10.0 * np.interp(table["step"], [1, at], [1.0, times])
    names = dict(zip(table["layer"].unique(), SHAPES, strict=True))
    table = table.assign(weight_norm=np.where(first, norms, 10.0), layer=table["layer"].map(names))
    ratios = synthetic.make(loss, update_ratio=ratio)["optim/update_ratio"]
    return synthetic.with_curves(replace(made, layers=table, shapes=SHAPES), ratios)


FAR_DOWN, STUCK = synthetic.falling(30_000.0, 2_500.0, pace=40), synthetic.falling(2.3, 0.9, pace=40)
LONG = np.r_[np.full(20, 0.3), np.full(980, 0.01)]


@pytest.mark.parametrize(
    "loss, at, is_seen",
    [
        (FAR_DOWN, 40, False),  # large targets ask for large weights
        (FAR_DOWN, 900, True),  # they went on growing after the fall
        (STUCK, 60, True),  # a third is left
        (np.r_[30_000.0, np.full(100, 90_000.0), FAR_DOWN[101:]], 40, True),  # thrown up on the way
    ],
)
def test_weights_that_grew_while_the_loss_came_down_were_asked_for(loss, at, is_seen):
    run = grown(loss, 14.0, ratio=LONG, at=at)
    assert (swelled(run, run["train/loss"]) is not None) is is_seen


@pytest.mark.parametrize("first, times, is_seen", [(0.06, 40.0, False), (0.8, 40.0, True), (0.8, 5.0, False)])
def test_short_updates_throw_weights_out_where_the_first_tells_that_the_rate_is_far_off(first, times, is_seen):
    """As in a warmup, which is over when the weights have grown and updates look short beside them."""
    short = np.r_[first, np.full(999, 0.05)]
    run = grown(STUCK, times, ratio=np.where(np.arange(1000) == 0, np.minimum(first, 0.14), short), optimizer="adamw")
    warm = np.where(STEPS == 1, np.minimum(first, 0.14) / first, 1.0) * 0.1
    run = synthetic.with_curves(run, replace(run["optim/lr"], values=warm))
    found = swelled(run, run["train/loss"])
    assert (found is not None) is is_seen
    assert found is None or found[1].statistic.startswith("first update")


def turned(cosines):
    run = grown(STUCK, 1.2, ratio=0.01)
    return synthetic.with_curves(run, Curve("optim/update_alignment", np.arange(1, len(cosines) + 1) * 10, cosines))


@pytest.mark.parametrize(
    "cosines, is_dead",
    [
        (np.tile([0.99, -0.98, 1.0, -0.95], 6), True),  # the last bias goes back and forth
        (np.full(24, 0.99), False),  # the way leads on
        (np.tile([0.4, -0.3, 0.1, -0.2], 6), False),  # many directions
        (np.tile([0.99, -0.98], 6), False),  # too few to tell
    ],
)
def test_a_gradient_with_one_direction_left_is_that_of_a_dead_network(cosines, is_dead):
    run = turned(cosines)
    assert (collapsed(run, run["train/loss"]) is not None) is is_dead


def test_a_narrow_network_has_one_direction_by_its_width():
    run = synthetic.with_config(turned(np.tile([0.99, -0.98], 12)), width=2)
    assert collapsed(run, run["train/loss"]) is None


def test_a_solved_loss_leaves_no_direction():
    run = turned(np.tile([0.99, -0.98], 12))
    assert collapsed(run, run["train/loss"].where(run["train/loss"].values > 0)) is not None
    solved = Curve("train/loss", STEPS, synthetic.falling(2.3, 0.01, pace=40))
    assert collapsed(run, solved) is None


def test_a_loss_that_began_at_0_fails_no_sign():
    run = grown(np.r_[0.0, STUCK[1:]], 14.0, ratio=LONG)
    assert swelled(run, run["train/loss"]) is not None
