"""Whether a loss has levelled off, and that the answer does not flicker."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from diagnostics import Run, synthetic
from diagnostics.stats.levelled import falling


def power_law(seed: int, noise: float = 0.02, evals: int = 40) -> Run:
    """A loss whose gain per doubling of the steps passes slowly through the bound."""
    rng = np.random.default_rng(seed)
    level = 0.3 + 2.0 * (1 + np.arange(4000) / 5) ** -0.6
    run = synthetic.make(level + 0.1 * rng.standard_normal(4000))
    at = np.linspace(0, 3999, evals).astype(int)
    val = synthetic.Curve("val/loss", at, level[at] + noise * rng.standard_normal(evals))
    return Run(run.name, {**run.curves, "val/loss": val})


def upto(run: Run, step: int) -> Run:
    return Run(run.name, {tag: curve.where(curve.steps <= step) for tag, curve in run.curves.items()}, state="running")


@pytest.mark.parametrize("seed", range(12))
def test_one_change_of_mind_at_most_on_the_way_down(seed):
    run = power_law(seed)
    said = [falling(upto(run, step)).levelled for step in range(100, 4000, 100)]
    assert sum(a != b for a, b in pairwise(said)) <= 1


def test_a_loss_on_its_way_down_has_not_levelled_off():
    assert not falling(synthetic.make(synthetic.noisy(synthetic.falling(pace=1.0)))).levelled


def test_a_flat_end_is_level_and_a_new_fall_takes_it_back():
    flat = np.r_[synthetic.falling(2.3, 1.0, steps=1000, pace=20), np.full(2000, 1.0)]
    assert falling(synthetic.make(synthetic.noisy(flat))).levelled
    again = np.r_[flat, np.linspace(1.0, 0.2, 1500)]
    assert not falling(synthetic.make(synthetic.noisy(again))).levelled


def test_a_run_that_has_ended_needs_less_to_take_it_back():
    flat = np.r_[synthetic.falling(2.3, 1.0, steps=1000, pace=20), np.full(2000, 1.0), np.linspace(1.0, 0.85, 500)]
    ended = synthetic.make(synthetic.noisy(flat, 0.02))
    assert falling(replace(ended, state="running")).levelled
    assert not falling(ended).levelled


def test_scaling_the_loss_and_the_steps_changes_nothing():
    run = power_law(3)
    scaled = Run(run.name, {t: synthetic.Curve(t, 7 * c.steps, 100 * c.values) for t, c in run.curves.items()})
    assert falling(scaled).levelled == falling(run).levelled


def test_one_spike_of_1e30_changes_nothing():
    values = synthetic.noisy(synthetic.falling(pace=20))
    calm = falling(synthetic.make(values)).levelled
    values[700] = 1e30
    assert falling(synthetic.make(values)).levelled == calm


def test_a_million_points_are_judged_as_a_thousand():
    long = synthetic.make(synthetic.noisy(synthetic.falling(pace=20, steps=1_000_000)))
    assert falling(long).levelled
