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


def test_a_stretch_is_smoothed_as_in_the_whole():
    steps = np.concatenate([np.arange(100), np.arange(5000, 5300), np.arange(5300, 5400, 7)])
    values = np.random.default_rng(1).normal(size=steps.size)
    values[[40, 41, 250]] = np.nan, np.inf, np.nan
    whole = view.moving_average(curve(values, steps), 30)
    for begin, end in ((0, 5), (30, 60), (95, 130), (240, 400), (399, 400)):
        part = view.moving_average(curve(values, steps), 30, begin, end)
        np.testing.assert_allclose(part.values, whole.values[begin:end])
        np.testing.assert_array_equal(part.steps, steps[begin:end])


def test_smoothing_equals_what_pandas_computes():
    values = np.random.default_rng(2).normal(size=1_000)
    wanted = pd.Series(values).rolling(50, min_periods=1).mean()
    np.testing.assert_allclose(view.moving_average(curve(values), 50).values, wanted)


def test_columns_follow_the_axis_and_not_the_number_of_points():
    steps = np.concatenate([np.arange(90_000), np.arange(90_000, 900_000, 90)])
    values = np.random.default_rng(4).normal(size=steps.size)
    drawn = view.thin(curve(values, steps), 200)
    assert np.count_nonzero(drawn.steps >= 90_000) > 150  # nine tenths of the axis


def test_columns_of_a_logarithmic_axis_are_decades():
    drawn = view.thin(curve(np.random.default_rng(3).normal(size=100_000)), 500, log=True)
    assert drawn.steps[0] == 1 and np.count_nonzero(drawn.steps < 1_000) > 150


def test_a_span_is_drawn_whole_with_a_neighbour_on_either_side():
    values = np.arange(10_000.0)
    values[5_005] = np.nan
    drawn = view.thin(curve(values), 200, span=(5_000, 5_010))
    assert drawn.steps.tolist() == list(range(4_999, 5_012)) and drawn.logged == 13
    assert drawn.broken.tolist() == [5_005] and drawn.broken_at.tolist() == [5_004]
    assert view.thin(curve(values), 200, span=(2e4, 3e4)).steps.tolist() == [9_999]


def test_the_gap_is_between_smoothed_training_and_validation_where_both_are_finite():
    train, val = curve(np.arange(10.0)), Curve("val/accuracy", [3, 5, 9], [1.0, np.nan, 2.0])
    low, high = view.gap(train, val, 2)
    assert low.steps.tolist() == [3, 9] and low.values.tolist() == [2.5, 8.5] and high.values.tolist() == [1, 2]


def test_other_evaluation_sets_are_found_by_their_names():
    tags = ("train/loss", "val/loss", "eval_far_loss", "val/accuracy", "optim/lr")
    run = Run("r", {tag: Curve(tag, [0], [1.0]) for tag in tags})
    assert view.evaluations(run, "val/loss") == ["eval_far_loss"]


def test_a_thumbnail_shows_the_way_of_a_noisy_curve():
    values = np.linspace(2.0, 1.0, 6_000) + np.tile([0.5, -0.5], 3_000)
    drawn = view.spark(Curve("train/loss", np.arange(6_000), values))
    assert len(drawn) == 60 and (np.diff(drawn) < 0).all()
    assert view.spark(Curve("train/loss", [], [])) == []


def test_a_thumbnail_tells_where_a_loss_is_no_number():
    values = np.linspace(2.0, 1.0, 6_000)
    values[10], values[-1] = np.nan, np.inf
    drawn = view.spark(Curve("train/loss", np.arange(6_000), values))
    assert np.flatnonzero(np.isnan(drawn)).tolist() == [0, 59]
    assert np.isnan(view.spark(Curve("train/loss", np.arange(2), np.full(2, np.nan)))).all()
