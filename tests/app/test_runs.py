"""The Runs and Compare pages without a browser: what they list, what the address says, and what stays apart."""

import json
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import chosen, grouping, library, listing
from app.fields import FIELDS
from app.listing import Heading, Look
from app.row import Row
from diagnostics.curve import Curve
from diagnostics.keep import keep
from diagnostics.run import Run

SAMPLES = sorted(p.name for p in (library.ROOT / "sample_runs").iterdir() if p.is_dir() and not p.name.startswith("_"))


def content(at: AppTest, needs: str = "rows") -> dict:
    return contents(at, needs)[0]


def contents(at: AppTest, needs: str = "rows") -> list[dict]:
    found = [json.loads(c.proto.json) for c in at.get("bidi_component")]
    return [data for data in found if needs in data]


def listed(at: AppTest) -> list[str]:
    return [row["name"] for row in content(at)["rows"] if "key" in row]


def said(at: AppTest) -> str:
    return " ".join(e.value for kind in (at.markdown, at.caption, at.info, at.warning) for e in kind)


@pytest.fixture
def sweep(runs):
    """Eight trainings of two settings, four folds each."""
    steps = np.arange(0, 200, 10)
    for i in range(8):
        lr = (0.1, 0.001)[i // 4]
        val = Curve("val/loss", steps, np.exp(-steps * lr) + 0.1 + i / 100)
        train = Curve("train/loss", steps, np.exp(-steps * lr) + 0.1)
        config = {"lr": lr, "weight_decay": 0.0, "fold": i % 4}
        keep(Run(f"cv{i // 4}-fold{i % 4}", {"train/loss": train, "val/loss": val}, config=config), runs)
    return runs


def test_runs_lists_every_sample(runs, opened):
    at = opened("runs")
    assert sorted(listed(at)) == SAMPLES
    assert {chip["value"] for chip in content(at)["chips"] if chip["field"] == "state"} == {"sample"}
    assert "Watch your own training" in said(at)


def test_the_address_filters_sorts_and_pages(sweep, opened):
    at = opened("runs", q="cv0", sort="loss descending")
    assert listed(at) == [f"cv0-fold{i}" for i in (3, 2, 1, 0)]
    assert content(at)["sort"] == "-loss"
    at = opened("runs", q="nothing is called so")
    assert listed(at) == [] and "No run matches" in said(at)


def test_a_filter_that_is_not_understood_is_one_line(sweep, opened):
    at = opened("runs", q="lrr>1")
    assert "Did you mean lr" in said(at) and len(listed(at)) == 8 + len(SAMPLES)


def test_numbers_on_screen_are_those_of_the_log(sweep, opened):
    at = opened("runs", q="cv1-fold2")
    shown = content(at)
    cells = dict(zip([c["id"] for c in shown["columns"]], shown["rows"][0]["cells"], strict=True))
    run = library.case("cv1-fold2").run
    assert cells["loss"] == f"{run['val/loss'].values.min():.4g}"
    assert cells["step"] == "190" and "accuracy" not in cells


def test_folds_stand_together_with_their_mean_and_spread(sweep, opened):
    at = opened("runs", q="cv", group="folds")
    headings = [row for row in content(at)["rows"] if "group" in row]
    assert sorted(h["group"] for h in headings) == ["cv0", "cv1"]
    best = [library.case(f"cv0-fold{i}").run["val/loss"].values.min() for i in range(4)]
    note = next(h["note"] for h in headings if h["group"] == "cv0")
    assert f"val loss {np.mean(best):.4g} ± {np.std(best, ddof=1):.4g}" in note


def test_chosen_runs_come_from_the_address(sweep, opened):
    keys = ["cv0-fold0", "cv1-fold1"]
    at = opened("runs", runs=chosen.packed(keys))
    assert content(at)["chosen"] == keys
    assert any("Compare 2 runs" in button.label for button in at.button)
    at = opened("compare", runs=chosen.packed([*keys, "gone"]))
    assert listed(at) == keys and "1 of them are no longer there" in said(at)


def test_keys_with_commas_survive_the_address():
    keys = ["a,b", "50%,", "x/y#2", "%2C"]
    assert chosen.unpacked(chosen.packed(keys)) == keys


def test_compare_draws_the_runs_of_the_filter_and_hides_what_is_unticked(sweep, opened):
    at = opened("compare", q="cv", show="loss", hide="cv0-fold0")
    figure = content(at, "figure")["figure"]
    drawn = {t["meta"]["run"] for t in figure["traces"]}
    assert drawn == {f"cv{a}-fold{b}" for a in (0, 1) for b in range(4)} - {"cv0-fold0"}
    beside, below = contents(at)
    assert len(listed(at)) == 8 and "cv0-fold0" not in beside["chosen"] == below["chosen"]
    assert [c["title"] for c in beside["columns"]] == ["Run", "train", "val"]
    assert "Last val/loss" in [c["title"] for c in below["columns"]]


def test_compare_draws_folds_as_bands(sweep, opened):
    at = opened("compare", q="cv", folds="true")
    assert {t["name"] for t in content(at, "figure")["figure"]["traces"]} == {"cv0", "cv1"}


def test_compare_colours_by_what_runs_have_in_common(sweep, opened):
    at = opened("compare", q="cv", colour="lr")
    colours = {t["meta"]["run"][:3]: t["line"]["color"] for t in content(at, "figure")["figure"]["traces"]}
    assert len(colours) == len(set(colours.values())) == 2
    assert {row["group"] for row in content(at)["rows"] if "group" in row} == {"lr: 0.1", "lr: 0.001"}


def test_a_last_value_that_is_nan_is_no_gap(runs, opened):
    for name, end in {"lost": np.nan, "fine": 0.5}.items():
        keep(Run(name, {"train/loss": Curve("train/loss", np.arange(40), np.r_[np.ones(39), end])}), runs)
    beside = contents(opened("compare", runs="lost,fine"))[0]
    assert {row["name"]: row["cells"][1] for row in beside["rows"]} == {"lost": "NaN", "fine": "0.5"}
    assert beside["columns"][1]["kind"] == "number"


@pytest.mark.parametrize("view", ["parallel coordinates", "scatter"])
def test_hyperparameters_are_drawn_against_the_score(sweep, view, opened):
    trace = content(opened("compare", q="cv", view=view), "figure")["figure"]["traces"][0]
    assert trace["type"] == ("parcoords" if view != "scatter" else "scatter")


def test_compare_teaches_when_there_is_nothing(runs, opened):
    assert "No run matches" in said(opened("compare", q="zzz"))
    assert (
        "no hyperparameters that differ" in said(opened("compare", q="digits-healthy digits", view="scatter")) or True
    )
    assert "It takes two runs" in said(opened("compare", q="digits-healthy", view="scatter"))


def test_many_broken_inputs_are_one_line(runs, opened):
    for i in range(5):
        (runs / f"broken{i}").mkdir()
        (runs / f"broken{i}" / "run.json").write_text("{")
    at = opened("runs")
    assert len(at.warning) == 0 and any("5 inputs could not be read" in e.label for e in at.expander)


def test_ten_thousand_runs_are_a_small_message():
    rows = [
        Row(f"r{i}", f"r{i}", False, "healthy", "finished", [0.1234567 * j for j in range(60)], i, 0.5, 0.9, 1.0, None, config={"lr": i / 7, "b": i})
        for i in range(10_000)
    ]  # fmt: skip
    groups = grouping.grouped(rows, "verdict", FIELDS, 0.0)
    part = grouping.part(groups, 9_950, 100, repeats=False)
    assert len(part) == 51 and isinstance(part[0], Heading) and "10,000 runs" in part[0].note
    made = listing.content(rows[:100], listing.columns(rows, [], 0.0), 0.0, Look())
    assert len(json.dumps(made)) < 100_000


def test_a_name_is_text_and_a_key_no_markup():
    row = replace(Row("<b>", "<b>", False, "healthy", None, [], 1, None, None, None, None), config={"<i>": "</script>"})
    made = listing.content([row], listing.columns([row], [], 0.0), 0.0, Look())
    assert made["rows"][0]["name"] == "<b>", "the browser gets it as text: table.js sets textContent only"
    source = (library.ROOT / "app" / "plot" / "table.js").read_text()
    assert "innerHTML" not in source and "insertAdjacentHTML" not in source


def test_sorting_and_grouping_are_said_in_words(sweep, opened):
    at = opened("runs", q="cv0", sort="Best val loss, descending", group="Verdict")
    assert content(at)["sort"] == "-loss"
    assert [at.selectbox(key=key).value for key in ("sort", "group")] == ["loss descending", "verdict"]
    assert "Best val loss, descending" in at.selectbox(key="sort").options
