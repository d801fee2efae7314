"""The pure figures of the Compare page: overlay, parallel coordinates, scatter, and their axes and colours."""

import base64
import itertools
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from app.plot import cuts, overlay, palette, quantities
from app.plot.drawn import Drawn, Look
from app.plot.parallel import parallel
from app.plot.scales import UNSET, scale
from app.plot.scatter import scatter
from diagnostics.curve import Curve
from diagnostics.run import Run


def numbers(array):
    return np.frombuffer(base64.b64decode(array["bdata"]), "<f8")


def drawn(key, colour=0, n=100, name=None, **curves):
    steps = np.arange(n)
    given = {tag.replace("_", "/"): Curve(tag, steps, np.asarray(v, float)) for tag, v in curves.items()}
    return Drawn(key, Run(name or key, given), colour)


RUNS = [drawn("a", 0, train_loss=np.ones(100), val_loss=np.ones(100)), drawn("b", 1, train_loss=np.full(100, 2.0))]


def test_quantities_pair_training_and_validation():
    assert quantities.quantities(d.run for d in RUNS) == ["loss"]
    one = drawn("c", optim_lr=[1] * 100, train_accuracy=[1] * 100, train_loss=[1] * 100, zeta_x=[1] * 100)
    assert quantities.quantities([one.run]) == ["loss", "accuracy", "optim/lr", "zeta/x"]


def test_training_is_solid_validation_dashed_in_the_colour_of_the_run():
    traces = overlay.overlay(RUNS, ["loss"], Look(window=0))["traces"]
    looks = {(t["meta"]["run"], t["meta"]["tag"]): t["line"] for t in traces}
    assert looks["a", "train/loss"]["dash"] == "solid" and looks["a", "val/loss"]["dash"] == "dash"
    assert looks["a", "train/loss"]["color"] == looks["a", "val/loss"]["color"] == "$run0"
    assert looks["b", "train/loss"]["color"] == "$run1"


def test_a_trace_says_how_to_ask_for_more_of_it():
    meta = overlay.overlay(RUNS[:1], ["loss"], Look("time", window=20))["traces"][0]["meta"]
    assert meta["run"] == "a" and meta["x"] == "time" and meta["attempt"] == 0


def test_values_are_those_of_the_log_and_nan_is_marked():
    values = np.linspace(3, 1, 100)
    values[50] = np.nan
    traces = overlay.overlay([drawn("a", train_loss=values)], ["loss"], Look(window=0))["traces"]
    line = next(t for t in traces if t["meta"]["part"] == "line")
    np.testing.assert_array_equal(numbers(line["y"]), values)
    cross = next(t for t in traces if t["meta"]["part"] == "broken")
    assert numbers(cross["x"]).tolist() == [50] and cross["text"] == ["NaN"]


def test_folds_become_a_mean_in_a_band():
    made = overlay.overlay(RUNS, ["loss"], Look(window=0, groups={"cv": ("a", "b")}))
    low, high, mean = made["traces"][:3]
    assert set(numbers(mean["y"])) == {1.5} and mean["name"] == "cv"
    np.testing.assert_allclose(numbers(high["y"]) - numbers(low["y"]), 2 * np.std([1, 2], ddof=1))
    assert all("meta" not in t for t in made["traces"]), "a band is no curve that could be fetched again"


def test_names_cannot_inject():
    bad = drawn("a", name="<a href='x'>%{y}", train_loss=np.ones(100))
    for trace in overlay.overlay([bad], ["loss"], Look(window=0))["traces"]:
        assert "<a" not in trace["name"] and "<a" not in trace["hovertemplate"]


def test_many_runs_stay_a_small_message():
    many = [drawn(str(i), i % 20, 20_000, train_loss=np.random.default_rng(i).random(20_000)) for i in range(40)]
    made = overlay.overlay(many, ["loss"], Look(window=0))
    assert sum(len(t["y"]["bdata"]) + len(t["x"]["bdata"]) for t in made["traces"]) < 1_500_000


def test_a_wide_spread_is_logarithmic_and_zero_stands_below():
    found = scale([0.0, 1e-4, 1e-2])
    assert found.log and found.at[1:] == [-4, -2] and found.at[0] < -4 and found.texts[0] == "0"
    assert not scale([16, 32, 64]).log and scale([16, 32, 64]).texts == ["16", "32", "64"]
    assert not scale([-1.0, 100.0]).log


def test_words_are_ticks_and_what_is_not_set_is_said():
    found = scale(["sgd", "adam", None, True])
    assert found.texts == ["adam", "sgd", "true", UNSET] and found.at == [1, 0, 3, 2]
    found = scale([1.0, None, 3.0])
    assert found.texts[0] == UNSET and found.at[1] < 1


@pytest.mark.parametrize(
    "values", [[1.0], [0.0], [0, 0], [1e-300, 1e300], [math.nan, 1.0], [], [None], list(range(1000))]
)
def test_any_values_have_an_axis(values):
    found = scale(values) if values else None
    if found:
        assert len(found.at) == len(values) and len(found.ticks) == len(found.texts)
        assert all(map(math.isfinite, found.at + found.range)) and found.range[0] < found.range[1]


def test_parallel_coordinates_have_an_axis_each_and_the_rank_as_colour():
    made = parallel([("lr", [0.1, 1e-4]), ("optimizer", ["sgd", "adam"]), ("Best val loss", [0.2, 0.3])], [1, 2])
    trace = made["traces"][0]
    assert [d["label"] for d in trace["dimensions"]] == ["lr", "optimizer", "Best val loss"]
    assert trace["dimensions"][0]["values"] == [-1, -4] and trace["line"]["color"] == [-1, -2]


def test_scatter_draws_the_best_last_and_each_point_leads_to_its_run():
    made = scatter(["a", "b"], ["A<b>", "B"], ("lr", [0.1, 0.2]), ("wd", [0, 1]), ("loss", ["0.1", "0.2"]), [1, 2])
    trace = made["traces"][0]
    assert trace["ids"] == ["b", "a"] and trace["marker"]["symbol"][-1] == "star"
    assert "A&lt;b&gt;" in trace["text"][-1] and "0.1 (rank 1)" in trace["text"][-1]


def test_marks_are_stable_and_distinct_while_there_are_enough():
    keys, colours = [f"run-{i}" for i in range(40)], len(palette.RUNS)
    assert palette.assigned(keys) == palette.assigned(keys[::-1])
    assert len(set(palette.assigned(keys).values())) == 40  # a colour and a symbol each
    few = palette.assigned(keys[:8])
    assert sorted(few.values()) == list(range(colours)) and not any(map(palette.symbol, few.values()))
    assert set(palette.assigned([str(i) for i in range(60)]).values()) == set(range(40))
    one, other = palette.swatch(3), palette.swatch(3 + colours)
    assert one[:2] == other[:2] and one[2] != other[2]


def test_runs_of_one_colour_carry_different_symbols():
    both = [drawn("a", 2, train_loss=np.ones(100)), drawn("b", 10, train_loss=np.ones(100))]
    traces = overlay.overlay(both, ["loss"], Look(window=0))["traces"]
    plain, marked = (next(t for t in traces if t["meta"]["run"] == key) for key in "ab")
    assert plain["line"]["color"] == marked["line"]["color"] and plain["mode"] == "lines"
    assert marked["mode"] == "lines+markers" and marked["marker"]["maxdisplayed"] > 0


def test_a_panel_is_as_high_as_the_runs_that_did_not_diverge_need():
    steps = np.arange(100)
    fine = [drawn(str(i), i, train_loss=np.linspace(2.3, 0.1 * i, 100)) for i in range(1, 4)]
    lost = replace(drawn("lost", train_loss=10.0 ** (steps / 3)), usual=False)
    found = cuts.cuts([*fine, lost], ["loss"], Look(window=0))
    assert found["loss"].runs == ("lost",) and found["loss"].ends[1] == 1e33
    made = overlay.overlay([*fine, lost], ["loss"], Look(window=0), found)["layout"]
    assert made["yaxis"]["autorange"] is False and 2.3 < made["yaxis"]["range"][1] < 6
    whole = overlay.overlay([*fine, lost], ["loss"], Look(window=0))["layout"]
    assert "range" not in whole["yaxis"] and not cuts.cuts(fine, ["loss"], Look(window=0))
    drawn_values = overlay.overlay([lost], ["loss"], Look(window=0), found)["traces"][0]["y"]
    assert numbers(drawn_values).max() == 1e33  # cut by the axis, never in the data


# Linear RGB as seen without one kind of cone: Machado, Oliveira & Fernandes 2009, severity 1.
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_LMS = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_LAB = [
    [0.2104542553, 0.793617785, -0.0040720468],
    [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766],
]


def linear(colour):
    c = np.array([int(part, 16) for part in re.findall("..", colour[1:])]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def oklab(rgb):
    return np.cbrt(np.clip(rgb, 0, 1) @ np.transpose(TO_LMS)) @ np.transpose(TO_LAB)


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_stay_apart_for_every_eye(theme, sight):
    seen = [oklab(linear(pair[theme]) @ np.transpose(SIGHTS[sight])) for pair in palette.RUNS]
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(apart) > (0.19 if sight == "normal" else 0.12)


@pytest.mark.parametrize(("theme", "page"), [(0, "#ffffff"), (1, "#12161d")])
def test_colours_stand_out_from_the_page(theme, page):
    weights = np.array([0.2126, 0.7152, 0.0722])
    behind = linear(page) @ weights + 0.05
    for pair in palette.RUNS:
        front = linear(pair[theme]) @ weights + 0.05
        assert max(front, behind) / min(front, behind) > 2.8
