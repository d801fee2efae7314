import base64
import itertools

import numpy as np
import pytest

from app.plot import bands, figure
from app.plot.panels import PANELS, panels_of
from collector.schema import GRAD_NORM, LR, TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.engine import diagnose
from diagnostics.report import Evidence, Finding, Report
from diagnostics.run import Run


def numbers(array):
    return np.frombuffer(base64.b64decode(array["bdata"]), dtype="<f8") if isinstance(array, dict) else np.array(array)


def drawn(run: Run, **options) -> dict:
    panels = panels_of(run, diagnose(run))
    return figure.stack(run, panels, **{"window": None, "log": False, **options})


def finding(first: int, last: int, severity="warning", tag=TRAIN_LOSS) -> Finding:
    return Finding("overfitting", severity, "m", (Evidence(tag, first, last, "s", 1.0, 2.0),))


def test_nan_and_inf_are_marked_where_the_line_was_lost():
    values = np.linspace(2, 1, 100)
    values[50], values[60] = np.nan, np.inf
    marks = next(t for t in drawn(synthetic.make(values))["traces"] if t["name"] == "NaN or Inf")
    assert list(numbers(marks["x"])) == [51, 61]
    np.testing.assert_allclose(numbers(marks["y"]), [values[49], values[59]])


def test_a_run_of_nothing_but_nan_is_drawn():
    assert drawn(synthetic.make(np.full(100, np.nan)))["traces"]


def test_validation_is_dashed_and_its_best_is_a_star():
    traces = {t["name"]: t for t in drawn(synthetic.healthy())["traces"] if t["yaxis"] == "y"}
    assert traces["validation"]["line"]["dash"] == "dash" and traces["train"]["line"]["dash"] == "solid"
    best = synthetic.healthy()[VAL_LOSS].values.min()
    assert traces["best"]["y"] == [pytest.approx(best)]


def test_without_smoothing_there_are_no_raw_points():
    assert not any(t["name"] == "raw points" for t in drawn(synthetic.healthy(), window=0)["traces"])
    assert any(t["name"] == "raw points" for t in drawn(synthetic.healthy(), window=50)["traces"])


def test_log_turns_the_loss_axis_only():
    layout = drawn(synthetic.healthy(), log=True)["layout"]
    assert layout["yaxis"]["type"] == "log" and layout["yaxis2"].get("type") != "log"


def test_panels_do_not_overlap_and_every_trace_has_its_axis():
    made = drawn(synthetic.healthy())
    domains = [made["layout"][k]["domain"] for k in sorted(made["layout"]) if k.startswith("yaxis")]
    assert all(low < high for low, high in domains)
    assert all(upper[0] >= lower[1] for upper, lower in itertools.pairwise(domains))
    assert {t["yaxis"].replace("y", "yaxis") for t in made["traces"]} <= set(made["layout"])


def test_gradient_norm_is_drawn_only_when_a_finding_points_at_it():
    run = Run("r", {tag: Curve(tag, [0, 1], [1.0, 1.0]) for tag in (TRAIN_LOSS, GRAD_NORM, LR)})
    quiet, blamed = (Report("r", "", "overfitting", (finding(0, 1, tag=t),), (), ()) for t in (TRAIN_LOSS, GRAD_NORM))
    assert [p.title for p in panels_of(run, quiet)] == ["Loss", "Learning rate"]
    assert [p.title for p in panels_of(run, blamed)] == ["Loss", "Gradient norm", "Learning rate"]


def test_numbers_of_neighbouring_bands_stand_on_rows_of_their_own():
    made = {"layout": {"shapes": [], "annotations": []}}
    near = [finding(100, 200), finding(110, 210), finding(115, 300), finding(800, 900)]
    bands.shade(made, PANELS[:1], near, -1, 1000)
    assert [a["yshift"] for a in made["layout"]["annotations"]] == [0, -bands.ROW, -2 * bands.ROW, 0]


def test_notes_are_shaded_only_when_chosen():
    for chosen, shapes in ((-1, 0), (0, 2)):
        made = {"layout": {"shapes": [], "annotations": []}}
        bands.shade(made, PANELS[:1], [finding(0, 10, "info")], chosen, 10)
        assert len(made["layout"]["shapes"]) == shapes


def test_zoom_shows_the_finding_and_a_little_around_it():
    low, high = bands.around(finding(400, 600), 1000)
    assert 0 <= low < 400 and 600 < high <= 1000 * 1.1
    low, high = bands.around(finding(5, 5), 5)
    assert low < 5 < high
