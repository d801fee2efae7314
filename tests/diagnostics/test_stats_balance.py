"""What the layer table says of the weights a network began with."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from diagnostics import Run, synthetic
from diagnostics.stats.balance import balance, growth, norm_left, stillness


def of_layers(**columns) -> Run:
    """A run of 100 steps with two weight matrices and a bias, sampled every ten steps; a column is [samples, 2]."""
    steps = np.arange(1, 101, 10)
    table = pd.DataFrame({"step": np.repeat(steps, 3), "layer": ["0.weight", "2.weight", "0.bias"] * 10})
    for name in ("weight_norm", "update_ratio", "grad_norm"):
        given = np.broadcast_to(columns.get(name, [1.0, 1.0]), (10, 2))
        table[name] = np.c_[given, np.full(10, 1e6)].ravel()
    return replace(synthetic.make(synthetic.falling(steps=100)), layers=table)


def test_the_early_gradients_of_weight_matrices_are_compared():
    grads = np.r_[np.tile([0.001, 1.0], (3, 1)), np.ones((7, 2))]
    assert balance(of_layers(grad_norm=grads)) == pytest.approx(0.001)
    assert balance(of_layers()) == 1.0


def test_samples_without_a_gradient_say_nothing():
    assert balance(of_layers(grad_norm=[0.0, 0.0])) is None
    assert balance(of_layers(grad_norm=[np.nan, 1.0])) is None


def test_growth_is_that_of_all_weights_so_far():
    norms = np.c_[np.linspace(1, 10, 10), np.linspace(1, 10, 10)]
    run = of_layers(weight_norm=norms)
    assert [growth(run, step) for step in (100, 41, 0)] == pytest.approx([10, 5, 1])
    assert growth(of_layers(weight_norm=norms ** [0, 2]), 100) == pytest.approx(10)


def test_stillness_compares_typical_updates():
    assert stillness(of_layers(update_ratio=[1e-6, 1e-3])) == pytest.approx(1e-3)
    assert stillness(of_layers(update_ratio=[0.0, 0.0])) == 0


def test_what_is_left_of_the_norm_is_measured_from_its_height():
    run = of_layers()
    assert norm_left(run) == pytest.approx(1)
    table = run.layers.assign(weight_norm=np.where(run.layers.step == 91, 0.5, 1.0))
    assert norm_left(replace(run, layers=table)) == pytest.approx(0.5)


def test_without_a_layer_table_nothing_is_known():
    run = synthetic.healthy()
    assert [balance(run), growth(run, 100), stillness(run), norm_left(run)] == [None] * 4
