import numpy as np
import pandas as pd
import pytest

from diagnostics import folds
from diagnostics.curve import Curve


def test_runs_that_differ_by_fold_alone_belong_together():
    runs = {f"k{i}": (f"cv-fold{i}", {"lr": 0.1, "fold": i}) for i in range(3)}
    runs["other"] = ("cv-fold9", {"lr": 0.2, "fold": 0})
    assert folds.groups(runs) == {"cv": ("k0", "k1", "k2")}


def test_seeds_within_groups_of_the_config_count_too():
    runs = {"a": ("a", {"train.seed": 1, "x": 1}), "b": ("b", {"train.seed": 2, "x": 1})}
    assert list(folds.groups(runs).values()) == [("a", "b")]


def test_names_tell_where_configs_do_not():
    runs = {"a": ("net_seed=1", {}), "b": ("net_seed=2", {}), "c": ("tree_seed=1", {}), "d": ("net", {})}
    assert folds.groups(runs) == {"net": ("a", "b")}


def test_equal_configs_alone_make_no_group():
    same = {"lr": 0.1, "seed": 0}
    assert folds.groups({"a": ("mnist", same), "b": ("digits", same)}) == {}
    assert folds.groups({"a": ("x", {}), "b": ("y", {})}) == {}


def test_groups_of_one_name_are_numbered():
    runs = {f"{lr}{i}": (f"cv-fold{i}", {"lr": lr, "fold": i}) for lr in (1, 2) for i in range(2)}
    assert list(folds.groups(runs)) == ["cv", "cv (2)"]


def test_spread_is_that_of_pandas_over_the_finite():
    values = [0.1, 0.4, float("nan"), None, float("inf"), 0.2]
    known = pd.Series([0.1, 0.4, 0.2])
    found = folds.spread(values)
    assert (found.count, found.mean, found.sd) == (3, pytest.approx(known.mean()), pytest.approx(known.std()))
    assert np.isnan(folds.spread([1.0]).sd) and np.isnan(folds.spread([]).mean)


def test_band_covers_what_all_folds_reached_and_breaks_where_one_is_nan():
    steps = np.arange(5)
    a = Curve("val/loss", steps, np.array([5.0, 4, 3, 2, 1]))
    b = Curve("val/loss", steps[:4], np.array([7.0, np.nan, 5, 4]))
    found = folds.band([a, b])
    assert found.steps.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(found.mean, [6, np.nan, 4, 3])
    np.testing.assert_allclose(found.sd, [2**0.5, np.nan, 2**0.5, 2**0.5])


def test_band_of_folds_logged_at_other_steps_takes_the_values_in_force():
    a = Curve("x", np.array([0, 10]), np.array([0.0, 2.0]))
    b = Curve("x", np.array([0, 5, 10]), np.array([0.0, 4.0, 4.0]))
    assert folds.band([a, b]).mean.tolist() == [0, 2, 3]
    assert folds.band([]).steps.size == 0
