"""Every page over every sample run, without a browser."""

import json
from collections import OrderedDict

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import controls, lent, library, mapping, past, words
from app.views import upload
from collector.schema import TRAIN_LOSS
from diagnostics import readers, rules
from diagnostics.curve import Curve
from diagnostics.keep import keep
from diagnostics.readers.log import Meaning
from diagnostics.run import Run

HEALTHY = "sample/digits-healthy"
SAMPLES = sorted(p.name for p in (library.ROOT / "sample_runs").iterdir() if p.is_dir() and not p.name.startswith("_"))


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_string(f"from app.views import {page}\n{page}.page()", default_timeout=30)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def names(at: AppTest) -> list[str]:
    """The runs in the table."""
    shown = next(data for c in at.get("bidi_component") if "rows" in (data := json.loads(c.proto.json)))
    return [row["name"] for row in shown["rows"]]


def text(at: AppTest) -> str:
    return " ".join(element.value for kind in (at.markdown, at.subheader, at.caption) for element in kind)


def test_an_unreadable_run_is_one_line_and_hides_no_other(runs):
    (runs / "broken").mkdir()
    (runs / "broken" / "run.json").write_text("{")
    at = opened("runs")
    assert len(names(at)) >= len(SAMPLES)
    assert len(at.warning) <= 1  # a reader may also salvage what it can


@pytest.mark.parametrize("sample", SAMPLES)
def test_diagnosis_tells_the_verdict_of(sample, runs):
    at = opened("diagnosis", run=f"sample/{sample}")
    assert at.selectbox(key="run").value == f"sample/{sample}"
    report = library.case(f"sample/{sample}").report
    assert words.plain(words.title(report.verdict)) in text(at)
    assert words.plain(report.headline.message) in text(at)
    assert len(at.get("bidi_component")) == 3  # the curves, the layers and the ear


def test_smoothing_and_log_come_from_the_address(runs):
    at = opened("diagnosis", run=f"sample/{SAMPLES[0]}", smooth="50", log="true")
    assert at.selectbox(key="smooth").value == "50"
    assert at.toggle(key="log").value is True


@pytest.mark.parametrize("typed, steps", [("off", 0), ("137", 137), ("auto", None), ("9" * 40, 10**12), ("-5", None)])
def test_a_window_can_be_typed_in(typed, steps, runs):
    assert controls.window_of(typed) == steps
    said = text(opened("diagnosis", run=HEALTHY, smooth=typed))
    assert ("no smoothing" in said) == (steps == 0) and ("about 2 % of the run" in said) == (steps is None)


def test_every_choice_comes_from_the_address(runs):
    at = opened("diagnosis", run=HEALTHY, x="epoch", logx="true", more="perf/step_time", layers="gradient norm")
    values = [w.value for w in (at.button_group(key="x"), at.button_group(key="layers"), at.multiselect(key="more"))]
    assert values == ["epoch", "gradient norm", ["perf/step_time"]] and at.toggle(key="logx").value is True


def test_a_finding_can_be_chosen_and_let_go(runs):
    at = opened("diagnosis", run="sample/digits-overfitting")
    key = "diagnosis.sample/digits-overfitting"
    at.button(key=f"{key}.0.show").click().run()
    assert "overfitting" in at.query_params["finding"] and at.session_state[f"{key}.jumps"] == 1
    at.button(key=f"{key}.0.show").click().run()
    assert "finding" not in at.query_params and at.session_state[f"{key}.jumps"] == 2


def test_a_link_to_a_finding_shows_it(runs):
    at = opened("diagnosis", run="sample/digits-overfitting", finding="overfitting")
    shown = next(data for c in at.get("bidi_component") if "goTo" in (data := json.loads(c.proto.json)))
    assert shown["goTo"]["count"] == 0 and shown["goTo"]["range"][0] < 74


@pytest.mark.parametrize("asked, said", [("", "No run yet"), ("gone", "no run called gone")])
def test_no_such_run_says_where_runs_come_from(asked, said, runs, monkeypatch):
    monkeypatch.setattr(library, "keys", list)
    at = opened("diagnosis", **({"run": asked} if asked else {}))
    assert said in at.info[0].value


def kept(runs, **more) -> AppTest:
    """The diagnosis of a run with ``more``."""
    steps = np.arange(3)
    keep(Run("a", **{"curves": {TRAIN_LOSS: Curve(TRAIN_LOSS, steps, 2.0 - steps)}, "state": "finished", **more}), runs)
    return opened("diagnosis", run="a")


def test_what_ended_a_run_and_its_hyperparameters_are_shown(runs):
    at = kept(
        runs, state="crashed", exception="OutOfMemoryError: *2* GiB", config={"lr": 0.1, "model": {"name": "<b>"}}
    )
    assert "OutOfMemoryError\\: \\*2\\* GiB" in text(at)
    assert at.dataframe[0].value.values.tolist() == [["lr", "0.1"], ["model.name", "<b>"]]


@pytest.mark.parametrize(
    "curves, state, said",
    [
        ({}, "finished", "ended before anything was logged"),
        ({"my/own": Curve("my/own", np.arange(3), np.arange(3))}, "finished", "Choose from More curves"),
    ],
)
def test_nothing_to_draw_says_why(curves, state, said, runs):
    assert said in kept(runs, curves=curves, state=state).info[0].value


def test_few_points_say_how_many_are_needed(runs):
    assert "20 are needed" in text(kept(runs)).replace("\\", "")


def test_upload_explains_itself_when_nothing_is_there(runs):
    assert "recognised by what is in them" in text(opened("upload"))


def test_upload_reads_what_it_can_and_says_what_it_cannot(runs):
    at = opened("upload")
    rows = "\n".join(f"{step},{2.3 - step / 100}" for step in range(100))
    at.file_uploader[0].set_value(
        [("good.csv", f"step,train_loss\n{rows}".encode(), "text/csv"), ("bad.parquet", b"no", "application/x")]
    ).run()
    assert not at.exception
    assert len(at.error) == 1 and "bad" in at.error[0].value
    assert len(at.get("bidi_component")) == 1


def test_an_upload_is_judged_once_and_lent_to_the_chart_under_one_name(runs, monkeypatch):
    monkeypatch.setattr(lent, "_cases", OrderedDict())
    at = opened("upload")
    at.file_uploader[0].set_value([("good.csv", b"step,train_loss\n1,2.0\n2,1.5\n", "text/csv")]).run()
    (name,) = lent._cases
    at.run()
    assert list(lent._cases) == [name] and lent.borrowed(name).run.last_step == 2


def test_an_upload_can_be_kept_once(runs):
    at = opened("upload")
    at.file_uploader[0].set_value([("good.csv", b"step,train_loss\n1,2.0\n2,1.5\n", "text/csv")]).run()
    at.button[0].click().run()
    assert len(at.success) == 1
    assert (library.own() / "good" / "run.json").exists()
    at.button[0].click().run()
    assert len(at.warning) == 1


def test_several_runs_in_one_upload_are_all_listed(runs):
    at = opened("upload")
    at.file_uploader[0].set_value(
        [
            ("all.csv", b"run,step,loss\na,0,2\na,1,1\nb,0,3\nb,1,2\n", "text/csv"),
            ("c.csv", b"step,loss\n0,2\n1,1\n", ""),
        ]
    ).run()
    assert not at.exception and names(at) == ["a", "b", "c"]
    next(b for b in at.button if b.label == "Keep all 3").click().run()
    assert {p.name for p in library.own().iterdir()} == {"a", "b", "c"} and "Kept 3 runs" in at.success[0].value


def test_pasted_text_is_a_log(runs):
    at = opened("upload")
    at.button_group[0].set_value(upload.TEXT).run()
    at.text_area[0].input("step,train_loss\n0,2.5\n1,1.5\n").run()
    assert not at.exception and not at.error and len(at.get("bidi_component")) == 1


def test_what_a_column_was_taken_for_can_be_changed(runs):
    log = readers.logs_all([_log(runs)])[0][0]
    before = past.meanings(log)
    row = {"name": "score", "read": "val/accuracy", "unit": "per cent"}
    assert mapping._meaning(row, before["score"]) == Meaning("val/accuracy", 0.01)
    same = {"name": "loss", "read": "train/loss", "unit": "as logged"}
    assert mapping._meaning(same, before["loss"]) is before["loss"]
    own = {"name": "loss", "read": mapping.OWN, "unit": "as logged"}
    assert mapping._meaning(own, before["loss"]) == Meaning("loss")
    assert past.case(log, {"score": Meaning("val/accuracy", 0.01)}).run["val/accuracy"].values.tolist() == [0.1, 0.2]


def _log(folder):
    (folder / "log.csv").write_text("step,loss,score\n0,2,10\n1,1,20\n")
    return folder / "log.csv"


def test_discarding_begins_anew(runs):
    at = opened("upload")
    at.file_uploader[0].set_value([("good.csv", b"step,train_loss\n1,2.0\n2,1.5\n", "text/csv")]).run()
    next(b for b in at.button if b.label == "Discard").click().run()
    assert not at.exception and "recognised by what is in them" in text(at)


def test_names_that_lead_outside_stay_inside(tmp_path):
    path = past._written(tmp_path, type("F", (), {"name": "../../a/../b.csv", "getbuffer": lambda self: b"x"})())
    assert path.is_relative_to(tmp_path) and path.read_bytes() == b"x"


def test_rulebook_explains_every_rule(runs):
    at = opened("rulebook")
    for rule in rules.all_rules():
        assert any(words.plain(rule.title) in e.label for e in at.expander)


def test_navigation_runs(runs):
    at = AppTest.from_file(str(library.ROOT / "app" / "navigation.py"), default_timeout=30).run()
    assert not at.exception and at.title[0].value == "Runs"
