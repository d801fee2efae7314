import base64
import itertools
import time

import numpy as np
import pytest

from app.plot import bands, figure
from app.plot.panels import PANELS, offered, panels_of
from app.plot.text import text
from app.plot.x_axis import XAxis
from collector.schema import LR, STEP_TIME, TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
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


def of_length(steps: int) -> Run:
    return Run("r", {TRAIN_LOSS: Curve(TRAIN_LOSS, np.arange(steps + 1), np.ones(steps + 1))})


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


def test_step_time_is_drawn_when_a_finding_points_at_it_or_the_reader_asks():
    run = Run("r", {tag: Curve(tag, [0, 1], [1.0, 1.0]) for tag in (TRAIN_LOSS, STEP_TIME, LR)})
    quiet, blamed = (Report("r", "", "overfitting", (finding(0, 1, tag=t),), (), ()) for t in (TRAIN_LOSS, STEP_TIME))
    assert [p.short for p in panels_of(run, quiet)] == ["Loss", "Learning rate"]
    assert [p.short for p in panels_of(run, blamed)] == ["Loss", "Learning rate", "Step time"]
    assert [p.short for p in panels_of(run, quiet, [STEP_TIME])] == ["Loss", "Learning rate", "Step time"]
    assert offered(run) == [STEP_TIME]


def test_numbers_of_neighbouring_bands_stand_on_rows_of_their_own():
    made = {"layout": {"shapes": [], "annotations": []}}
    near = [finding(100, 200), finding(110, 210), finding(115, 300), finding(800, 900)]
    bands.shade(made, PANELS[:1], near, -1, XAxis(of_length(1000)))
    assert [a["yshift"] for a in made["layout"]["annotations"]] == [0, -bands.ROW, -2 * bands.ROW, 0]


def test_notes_are_shaded_only_when_chosen():
    for chosen, shapes in ((-1, 0), (0, 2)):
        made = {"layout": {"shapes": [], "annotations": []}}
        bands.shade(made, PANELS[:1], [finding(0, 10, "info")], chosen, XAxis(of_length(10)))
        assert len(made["layout"]["shapes"]) == shapes


def test_zoom_shows_the_finding_and_a_little_around_it():
    low, high = bands.around(finding(400, 600), XAxis(of_length(1000)))
    assert 0 <= low < 400 and 600 < high <= 1000 * 1.1
    low, high = bands.around(finding(5, 5), XAxis(of_length(5)))
    assert low < 5 < high


def test_the_gap_is_shaded_where_both_were_measured_and_told_at_its_end():
    steps = np.arange(1, 101)
    train = Curve(TRAIN_ACCURACY, steps, steps / 100)
    val = Curve(VAL_ACCURACY, steps[9::10], steps[9::10] / 200)
    run = Run("r", {train.tag: train, val.tag: val})
    made = figure.stack(run, PANELS[1:2], window=4, log=False)
    low, high = (t for t in made["traces"] if t["name"].startswith("gap"))
    assert list(numbers(low["x"])) == list(val.steps) and high["fill"] == "tonexty"
    wanted = train.values[-4:].mean() - 0.5
    assert made["layout"]["annotations"][-1]["text"] == f"gap at the end {wanted:.4g}"


def test_what_a_resume_has_superseded_is_a_ghost():
    ghost = {TRAIN_LOSS: Curve(TRAIN_LOSS, [5, 6], [3.0, 3.0])}
    run = Run("r", {TRAIN_LOSS: Curve(TRAIN_LOSS, np.arange(10), np.ones(10))}, resumed_at=(5,), superseded=ghost)
    trace = next(t for t in drawn(run)["traces"] if t["name"] == "before the resume")
    assert list(numbers(trace["x"])) == [5, 6]


def test_every_evaluation_set_has_a_line_and_a_name():
    run = Run("r", {t: Curve(t, [0, 1], [1.0, 1.0]) for t in (TRAIN_LOSS, VAL_LOSS, "eval_far_loss")})
    assert "eval_far_loss" in {t["name"] for t in drawn(run)["traces"] if t["yaxis"] == "y"}
    assert offered(run) == []


def test_further_curves_of_one_quantity_share_a_panel():
    tags = ["train/f1", "val/f1", "gpu"]
    run = Run("r", {t: Curve(t, [0, 1], [1.0, 1.0]) for t in (TRAIN_LOSS, *tags)})
    shown = panels_of(run, diagnose(run), tags)[1:]
    assert [(p.title, p.tags) for p in shown] == [("f1", ("train/f1", "val/f1")), ("gpu", ("gpu",))]


def test_epochs_and_hours_move_curves_and_bands_alike():
    run = Run(
        "r", {TRAIN_LOSS: Curve(TRAIN_LOSS, [0, 100], [1.0, 1.0], [7200.0, 10800.0])}, Curve("epoch", [0, 100], [0, 4])
    )
    for x, end in (("epoch", 4), ("time", 1)):
        made = figure.stack(run, PANELS[:1], window=0, log=False, x=x)
        assert numbers(made["traces"][0]["x"])[-1] == end and XAxis(run, x).at(50) == end / 2


def test_a_logarithmic_axis_has_no_zero():
    run = Run("r", {TRAIN_LOSS: Curve(TRAIN_LOSS, np.arange(101), np.ones(101))})
    made = figure.stack(run, PANELS[:1], window=0, log=False, log_x=True)
    assert numbers(made["traces"][0]["x"])[0] == 1 and made["layout"]["xaxis"]["type"] == "log"
    assert XAxis(run, log=True).at(0) == 1 and XAxis(run, log=True).note(100) == 2


def test_names_are_printed_as_they_are():
    assert text("<a href='x'>%{y}</a>\n") == "&lt;a href='x'&gt;%\u200b{y}&lt;/a&gt;"
    assert len(text("x" * 500)) <= 48


def test_a_figure_is_built_fast():
    run = Run("r", {t: Curve(t, np.arange(2000), np.ones(2000)) for p in PANELS for t in p.tags})
    panels, spent = panels_of(run, diagnose(run), [STEP_TIME]), []
    for _ in range(5):
        vars(run).pop("_answers", None)
        began = time.process_time()
        figure.stack(run, panels, window=0, log=False)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.05  # s; ten times what it takes, lest a busy machine fail it


def test_spans_of_a_panel_that_overlap_are_shaded_once():
    assert bands.joined([(1, 751, 1500), (1, 740, 1480), (2, 1, 9), (1, 10, 20)]) == [
        (1, 10, 20),
        (1, 740, 1500),
        (2, 1, 9),
    ]
