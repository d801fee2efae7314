"""The layer matrices against the table they come from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from diagnostics import Run, synthetic
from diagnostics.stats.layers import VECTOR, grows_along, layers


def table(seed: int = 0) -> pd.DataFrame:
    """Rows with gaps, as attempts and sharded parameters leave them."""
    rng = np.random.default_rng(seed)
    rows = [
        {"step": s, "layer": name, "grad_norm": rng.choice([rng.random(), np.nan, np.inf, 0.0]), "update_ratio": 1e-3}
        for s in (1, 2, 4, 8, 16)
        for name in ("a.weight", "a.bias", "norm1.weight", "b.weight", "c.weight_ih_l0")
        if rng.random() > 0.2 or s == 1
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("seed", range(10))
def test_holds_what_the_table_holds(seed):
    given = table(seed)
    seen = layers(replace(synthetic.healthy(), layers=given), "grad_norm")
    assert seen.names == ("a.weight", "b.weight", "c.weight_ih_l0")
    for i, step in enumerate(seen.steps):
        for j, name in enumerate(seen.names):
            row = given[(given.step == step) & (given.layer == name)].grad_norm.tolist()
            np.testing.assert_equal(seen.values[i, j], row[0] if row else np.nan)


@pytest.mark.parametrize("seed", range(10))
def test_typical_is_the_median_of_the_finite(seed):
    given = table(seed)
    seen = layers(replace(synthetic.healthy(), layers=given), "grad_norm")
    for name, value in zip(seen.names, seen.typical, strict=True):
        finite = [v for v in given[given.layer == name].grad_norm if np.isfinite(v)]
        np.testing.assert_equal(value, np.median(finite) if finite else np.nan)


def test_without_layers_there_is_nothing():
    assert layers(Run("r", {}), "grad_norm") is None


@pytest.mark.parametrize(
    "name", ["fc.bias", "bias_hh_l0", "blocks.0.norm1.weight", "layer_norm.weight", "bn1.weight", "h.0.ln_1.weight"]
)
def test_vectors_are_known_by_their_names(name):
    assert VECTOR.search(name)


@pytest.mark.parametrize(
    "name", ["fc.weight", "0.weight", "weight_hh_l0", "in_proj_weight", "dense/kernel", "embed.weight"]
)
def test_matrices_are_not_taken_for_vectors(name):
    assert not VECTOR.search(name)


def test_growth_along_the_layers():
    assert grows_along(np.array([1e-7, 1e-5, 2.0])) == pytest.approx(1)
    assert grows_along(np.array([3.0, 2.0, 1.0])) == pytest.approx(-1)
    assert abs(grows_along(np.array([1.0, 3.0, 0.5, 2.0]))) < 0.5
