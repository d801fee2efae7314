import numpy as np

from diagnostics import axis
from diagnostics.curve import Curve
from diagnostics.run import Run


def run(times, epochs=None, **more) -> Run:
    loss = Curve("train/loss", np.arange(len(times)) * 10, np.ones(len(times)), times)
    return Run("r", {loss.tag: loss}, None if epochs is None else Curve("epoch", loss.steps, epochs), **more)


def test_only_what_the_log_tells_is_an_axis():
    assert axis.axes_of(run([np.nan, np.nan])) == ["step"]
    assert axis.axes_of(run([0, 1], [0, 1])) == ["step", "epoch", "time"]


def test_steps_between_rows_lie_between_them_and_beyond_the_ends_at_them():
    one = run([0, 3600, 7200], [0, 1, 3])
    np.testing.assert_allclose(axis.at(one, np.array([5, 15, 99]), "epoch"), [0.5, 2, 3])
    np.testing.assert_allclose(axis.at(one, np.array([5, 15, 99]), "time"), [0.5, 1.5, 2])


def test_a_curve_keeps_its_own_times():
    one = run([0, 3600, 7200])
    own = Curve("val/loss", [10], [1.0], [3700.0])
    np.testing.assert_allclose(axis.along(one, own, "time"), [3700 / 3600])


def test_a_clock_that_is_set_back_stands_still():
    one = run([0, 7200, 3600, 10800])
    np.testing.assert_allclose(axis.along(one, one["train/loss"], "time"), [0, 2, 2, 3])


def test_hours_count_from_the_first_attempt():
    ghost = Curve("train/loss", [0], [1.0], [0.0])
    one = run([3600, 7200], superseded={"train/loss": ghost})
    np.testing.assert_allclose(axis.along(one, one["train/loss"], "time"), [1, 2])


def test_an_empty_run_has_steps_alone():
    assert axis.axes_of(Run("r", {})) == ["step"]
    assert np.isnan(axis.at(Run("r", {}), np.array([1]), "time")).all()


def test_a_logarithmic_axis_begins_with_the_first_point_after_0():
    one = run([100, 3700, 7300], [0, 0, 2])
    assert [axis.first(one, x) for x in axis.AXES] == [10, 2, 1]
    assert axis.first(Run("r", {}), "step") == 1
