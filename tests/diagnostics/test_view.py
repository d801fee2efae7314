import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics import view
from diagnostics.curve import Curve
from diagnostics.run import Run


def curve(values, steps=None) -> Curve:
    values = np.asarray(values, dtype=float)
    return Curve("train/loss", np.arange(values.size) if steps is None else np.asarray(steps), values)


def test_average_is_the_mean_of_the_last_steps():
    smooth = view.moving_average(curve([1, 2, 3, 4, 5, 6]), 3)
    np.testing.assert_allclose(smooth.values, [1, 1.5, 2, 3, 4, 5])


def test_average_counts_steps_not_points():
    smooth = view.moving_average(curve([1, 2, 3, 4], steps=[0, 10, 20, 30]), 20)
    np.testing.assert_allclose(smooth.values, [1, 1.5, 2.5, 3.5])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_average_never_crosses_a_broken_point(bad):
    smooth = view.moving_average(curve([1, 1, bad, 5, 5]), 5).values
    np.testing.assert_array_equal(smooth, [1, 1, bad, 5, 5])


def test_average_never_crosses_a_gap():
    steps = [*range(10), *range(1000, 1010)]
    smooth = view.moving_average(curve([0] * 10 + [1] * 10, steps), 5000)
    np.testing.assert_array_equal(smooth.values, [0] * 10 + [1] * 10)


def test_a_huge_spike_leaves_no_trace_after_its_window():
    values = np.full(100, 1e-3)
    values[10] = 1e30
    np.testing.assert_allclose(view.moving_average(curve(values), 10).values[30:], 1e-3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=70), st.integers(1, 90))
def test_average_equals_the_plain_loop(values, window):
    wanted = [np.mean(values[max(0, i - window + 1) : i + 1]) for i in range(len(values))]
    np.testing.assert_allclose(view.moving_average(curve(values), window).values, wanted, atol=1e-9)


def test_thinning_keeps_extremes_ends_and_broken_points():
    values = np.random.default_rng(0).normal(size=100_000)
    values[5_000], values[70_000], values[123], values[40_000:40_010] = 99, -99, np.nan, np.inf
    drawn = view.thin(curve(values))
    assert drawn.steps.size < 2_100
    assert drawn.steps[0] == 0 and drawn.steps[-1] == 99_999
    assert np.nanmax(drawn.values) == 99 and np.nanmin(drawn.values) == -99
    assert {123, 40_000, 40_009} <= set(drawn.broken)
    assert np.isnan(drawn.values[np.searchsorted(drawn.steps, 123)])


def test_thinning_a_curve_that_is_all_nan():
    drawn = view.thin(curve([np.nan] * 10_000))
    assert 0 < drawn.broken.size < 2_100 and np.isnan(drawn.values).all()


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_short_curves_stay_whole(n):
    drawn = view.thin(curve(np.arange(n)))
    assert drawn.steps.size == n and drawn.broken.size == 0
    assert len(view.moving_average(curve(np.arange(n)), 10)) == n


def test_default_window_is_a_round_share_of_the_run():
    assert view.window_for(curve(np.zeros(5_000))) == 100
    assert view.window_for(curve(np.zeros(3))) == 0


def test_best_ignores_broken_points():
    assert view.best(curve([3, np.nan, 1, np.inf])) == (2, 1.0)
    assert view.best(curve([3, np.nan, 1]), largest=True) == (0, 3.0)
    assert view.best(curve([np.nan])) is None


def test_a_silent_running_run_stalls():
    loss = Curve("train/loss", np.arange(5), np.ones(5), np.arange(5.0))
    assert view.stalls_at(Run("r", {"train/loss": loss}, state="running")) == 4 + view.STALE_LEAST
    slow = Curve("train/loss", np.arange(5), np.ones(5), np.arange(5) * 60.0)
    assert view.stalls_at(Run("r", {"train/loss": slow}, state="running")) == 240 + view.STALE_SHARE * 60
    assert view.stalls_at(Run("r", {"train/loss": loss}, state="finished")) is None


def test_worst_layers_are_the_furthest_from_a_thousandth():
    ratios = {"fine": 1e-3, "dead": 0.0, "wild": 1.0, "unknown": np.nan}
    layers = pd.DataFrame({"step": 1, "layer": list(ratios), "update_ratio": list(ratios.values())})
    late = layers.assign(step=9, update_ratio=layers.update_ratio * 0)  # the learning rate has decayed to nothing
    assert list(view.worst_layers(pd.concat([layers, layers, late]), 3).layer) == ["unknown", "dead", "wild"]
