"""What the browser gets when it asks for more points, and for the table behind them."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app import library, routes
from app.plot import download, heatmap
from app.plot.component import zoom_of
from app.plot.points import Sight, Source, points
from collector.schema import TRAIN_LOSS
from diagnostics import heat, view
from diagnostics.curve import Curve
from diagnostics.run import Run

STEPS = 50_000


@pytest.fixture
def run() -> Run:
    steps = np.arange(STEPS)
    values = np.random.default_rng(0).normal(size=STEPS)
    values[30_000], values[30_010] = 50.0, np.inf
    ghost = {TRAIN_LOSS: Curve(TRAIN_LOSS, [7], [3.0])}
    return Run("r", {TRAIN_LOSS: Curve(TRAIN_LOSS, steps, values, steps * 1.0)}, superseded=ghost)


def numbers(array) -> np.ndarray:
    return np.frombuffer(base64.b64decode(array["bdata"]), dtype=array["dtype"])


def test_a_stretch_comes_at_full_resolution(run):
    found = points(run, Source(TRAIN_LOSS), Sight(span=(29_990, 30_020), count=1_000))
    assert numbers(found["x"]).tolist() == list(range(29_989, 30_022)) and found["logged"] == 33
    assert numbers(found["y"])[11] == 50


def test_smoothing_is_over_all_points_and_thinned_after(run):
    found = points(run, Source(TRAIN_LOSS, 100), Sight(span=(10_000, 40_000), count=500))
    whole = view.moving_average(run[TRAIN_LOSS], 100).values
    x, y = numbers(found["x"]).astype(int), numbers(found["y"])
    np.testing.assert_allclose(y[np.isfinite(y)], whole[x][np.isfinite(y)])
    assert np.nanmax(y) == np.max(whole[10_000:40_001][np.isfinite(whole[10_000:40_001])])


def test_broken_points_say_what_they_are(run):
    found = points(run, Source(TRAIN_LOSS, part="broken"), Sight(span=(29_990, 30_020)))
    assert found["text"] == ["+Inf"] and numbers(found["x"]).tolist() == [30_010]


def test_earlier_attempts_and_missing_tags(run):
    assert numbers(points(run, Source(TRAIN_LOSS, attempt=1), Sight())["y"]).tolist() == [3]
    assert points(run, Source("no/such"), Sight()) is None


def test_the_hover_knows_step_epoch_and_time(run):
    found = points(run, Source(TRAIN_LOSS, part="where"), Sight(span=(3600, 3600)))
    rows = numbers(found["customdata"]).reshape(-1, 3)
    assert rows[1, 0] == 3600 and np.isnan(rows[1, 1]) and rows[1, 2] == 1


def layered() -> Run:
    layers = pd.DataFrame({"step": [0, 0, 9, 9], "layer": ["<b>", "z"] * 2, "update_ratio": [1e-3, 0, 1e-2, 1e-6]})
    return Run("r", {}, layers=layers.assign(weight_norm=1.0, update_norm=1.0, grad_norm=2.0))


def test_a_map_has_a_row_a_layer_and_marks_the_worst():
    run = layered()
    made = heatmap.figure(run, heat.RATIO, heat.worst(run, heat.RATIO, 2), sight=Sight(), key="k")
    trace, y = made["traces"][0], made["layout"]["yaxis"]
    np.testing.assert_allclose(numbers(trace["z"]), [-3, -2, -12, -6])
    assert trace["z"]["shape"] == "2,2" and trace["y"] == ["&lt;b&gt;", "z"] and trace["meta"]["part"] == "layers"
    assert (y["tickvals"], y["ticktext"]) == ([1, 0], ["<b>A</b>", "<b>B</b>"])


def test_a_map_over_a_logarithmic_axis_begins_after_0():
    found = points(layered(), Source(heat.RATIO, part="layers"), Sight(log=True))
    assert found["z"]["shape"] == "2,1" and (numbers(found["x"]) > 0).all()
    assert points(layered(), Source(heat.RATIO, part="layers"), Sight(log=True, span=(-2, -1))) is None


def test_letters_of_neighbouring_layers_do_not_overlap():
    assert heatmap._letters([5, 6, 9], 3) == {5: "A", 9: "C"}


@pytest.mark.parametrize("text, wanted", [("10-20", (10, 20)), ("0.5-1e6", (0.5, 1e6)), ("1e-5-0.5", (1e-5, 0.5))])
def test_an_address_names_a_stretch(text, wanted):
    assert zoom_of(text) == wanted


@pytest.mark.parametrize("text", ["", "20-10", "5-5", "a-b", "-1-5", "1-2-3", "nan-nan", "<script>"])
def test_what_names_no_stretch_is_all(text):
    assert zoom_of(text) is None


def test_the_table_has_every_point_and_runs_no_formula():
    curve = Curve("=cmd()", [1, 2, 3], [1.0, np.nan, np.inf], [5.0, 6.0, np.nan])
    run = Run(
        "r", {curve.tag: curve}, Curve("epoch", [1, 3], [0.5, 1.5]), superseded={curve.tag: Curve("=cmd()", [2], [9.0])}
    )
    table = pd.read_csv(io.BytesIO(b"".join(download.rows(run, [curve.tag, "no/such"]))))
    assert table["tag"].tolist() == ["'=cmd()"] * 4 and table["step"].tolist() == [1, 2, 3, 2]
    np.testing.assert_array_equal(table["value"], [1, np.nan, np.inf, 9])
    np.testing.assert_array_equal(table["wall_time"], [5, 6, np.nan, np.nan])
    assert table["epoch"].tolist() == [0.5, 1, 1.5, 1] and table["superseded"].tolist() == [False] * 3 + [True]


@pytest.fixture
def client(runs) -> TestClient:
    return TestClient(Starlette(routes=routes.ROUTES), base_url="http://localhost")


ASKED = {
    "run": "sample/digits-healthy",
    "x": "step",
    "from": "0",
    "to": "9",
    "width": "500",
    "curve": '{"tag":"train/loss"}',
}


def test_the_route_gives_what_the_run_holds(client):
    found = client.get("/curvewise/points", params=ASKED).json()["curves"]
    loss = library.case("sample/digits-healthy").run[TRAIN_LOSS]
    assert numbers(found[0]["y"]).tolist() == loss.values[: len(numbers(found[0]["y"]))].tolist()
    table = client.get("/curvewise/data.csv", params={"run": ASKED["run"], "tag": TRAIN_LOSS})
    assert len(pd.read_csv(io.StringIO(table.text))) == len(loss)


@pytest.mark.parametrize(
    "change",
    [{"x": "colour"}, {"from": "nan"}, {"to": "inf"}, {"width": "0"}, {"width": "99999"}, {"curve": "{"}, {"curve": "[]"},
     {"curve": '{"tag":"a","part":"all"}'}, {"curve": '{"tag":"a","window":-1}'}, {"curve": '{"tag":"a","window":Infinity}'}, {"from": None}],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused(client, change):
    asked = {key: value for key, value in {**ASKED, **change}.items() if value is not None}
    assert client.get("/curvewise/points", params=asked).status_code == 400


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "sample/../..", "no such"])
def test_only_listed_runs_are_read(client, key):
    for path in ("points", "data.csv"):
        assert client.get(f"/curvewise/{path}", params={**ASKED, "run": key}).status_code == 404


def test_another_name_for_this_machine_is_refused(client):
    for path in ("points", "data.csv"):
        assert client.get(f"/curvewise/{path}", params=ASKED, headers={"host": "evil.example"}).status_code == 403


def test_the_gap_comes_at_full_resolution_where_it_is_zoomed():
    steps = np.arange(0, STEPS, 2)
    train = Curve("train/accuracy", np.arange(STEPS), np.linspace(0, 1, STEPS))
    val = Curve("val/accuracy", steps, np.linspace(0, 0.9, steps.size))
    run = Run("r", {c.tag: c for c in (train, val)})
    seen = Sight(span=(1_000, 1_100), count=200)
    low, high = (points(run, Source(tag, 4, part="gap"), seen) for tag in ("train/accuracy", "val/accuracy"))
    assert numbers(low["x"]).tolist() == numbers(high["x"]).tolist() == list(range(998, 1_104, 2))
    smooth = view.moving_average(train, 4).values
    np.testing.assert_allclose(numbers(low["y"]), smooth[998:1_104:2])
    assert points(Run("r", {train.tag: train}), Source(train.tag, 4, part="gap"), seen) is None
