"""Every page over every sample run, without a browser."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import controls, library, words
from collector.claims import GONE
from collector.schema import TRAIN_LOSS
from diagnostics import rules
from diagnostics.curve import Curve
from diagnostics.keep import keep
from diagnostics.run import Run

HEALTHY = "sample/digits-healthy"
SAMPLES = sorted(p.name for p in (library.ROOT / "sample_runs").iterdir() if p.is_dir() and not p.name.startswith("_"))


def names(at: AppTest) -> list[str]:
    """The runs in the table."""
    shown = next(data for c in at.get("bidi_component") if "rows" in (data := json.loads(c.proto.json)))
    return [row["name"] for row in shown["rows"]]


def text(at: AppTest) -> str:
    return " ".join(element.value for kind in (at.markdown, at.subheader, at.caption) for element in kind)


def test_an_unreadable_run_is_one_line_and_hides_no_other(runs, opened):
    (runs / "broken").mkdir()
    (runs / "broken" / "run.json").write_text("{")
    at = opened("runs")
    assert len(names(at)) >= len(SAMPLES)
    assert len(at.warning) <= 1  # a reader may also salvage what it can


@pytest.mark.parametrize("sample", SAMPLES)
def test_diagnosis_tells_the_verdict_of(sample, runs, opened):
    at = opened("diagnosis", run=f"sample/{sample}")
    assert at.selectbox(key="run").value == f"sample/{sample}"
    report = library.case(f"sample/{sample}").report
    assert words.plain(words.title(report.verdict)) in text(at)
    assert words.plain(report.headline.message) in text(at)
    assert len(at.get("bidi_component")) == 3  # the curves, the layers and the ear


def test_smoothing_and_log_come_from_the_address(runs, opened):
    at = opened("diagnosis", run=f"sample/{SAMPLES[0]}", smooth="50", log="true")
    assert at.selectbox(key="smooth").value == "50"
    assert at.toggle(key="log").value is True


@pytest.mark.parametrize("typed, steps", [("off", 0), ("137", 137), ("auto", None), ("9" * 40, 10**12), ("-5", None)])
def test_a_window_can_be_typed_in(typed, steps, runs, opened):
    assert controls.window_of(typed) == steps
    said = text(opened("diagnosis", run=HEALTHY, smooth=typed))
    assert ("no smoothing" in said) == (steps == 0) and ("about 2% of the run" in said) == (steps is None)


def test_every_choice_comes_from_the_address(runs, opened):
    at = opened("diagnosis", run=HEALTHY, x="epoch", logx="true", more="perf/step_time", layers="gradient norm")
    values = [w.value for w in (at.button_group(key="x"), at.button_group(key="layers"), at.multiselect(key="more"))]
    assert values == ["epoch", "gradient norm", ["perf/step_time"]] and at.toggle(key="logx").value is True


def test_a_finding_can_be_chosen_and_let_go(runs, opened):
    at = opened("diagnosis", run="sample/digits-overfitting")
    key = "diagnosis.sample/digits-overfitting"
    at.button(key=f"{key}.0.show").click().run()
    assert "overfitting" in at.query_params["finding"] and at.session_state[f"{key}.jumps"] == 1
    at.button(key=f"{key}.0.show").click().run()
    assert "finding" not in at.query_params and at.session_state[f"{key}.jumps"] == 2


def test_a_link_to_a_finding_shows_it(runs, opened):
    at = opened("diagnosis", run="sample/digits-overfitting", finding="overfitting")
    shown = next(data for c in at.get("bidi_component") if "goTo" in (data := json.loads(c.proto.json)))
    assert shown["goTo"]["count"] == 0 and shown["goTo"]["range"][0] < 74


@pytest.mark.parametrize("asked, said", [("", "No run yet"), ("gone", "no run called gone")])
def test_no_such_run_says_where_runs_come_from(asked, said, runs, monkeypatch, opened):
    monkeypatch.setattr(library, "keys", list)
    at = opened("diagnosis", **({"run": asked} if asked else {}))
    assert said in at.info[0].value


@pytest.fixture
def kept(runs, opened) -> Callable[..., AppTest]:
    """Opens the diagnosis of a run with what is given."""

    def diagnosis(**more) -> AppTest:
        curve = Curve(TRAIN_LOSS, np.arange(3), 2.0 - np.arange(3))
        keep(Run("a", **{"curves": {TRAIN_LOSS: curve}, "state": "finished", **more}), runs)
        return opened("diagnosis", run="a")

    return diagnosis


def test_what_ended_a_run_and_its_hyperparameters_are_shown(kept):
    at = kept(state="crashed", exception="OutOfMemoryError: *2* GiB", config={"lr": 0.1, "model": {"name": "<b>"}})
    assert "OutOfMemoryError\\: \\*2\\* GiB" in text(at) and not at.dataframe
    at.session_state["diagnosis.a.hyperparameters"] = True  # unfolded
    at.run()
    assert at.dataframe[0].value.values.tolist() == [["lr", "0.1"], ["model.name", "<b>"]]


def test_what_ended_a_run_without_a_word_is_one_sentence(kept):
    assert "Crashed:**] the process ended without a word" in text(kept(state="crashed", exception=GONE))


@pytest.mark.parametrize("state", ["running", "finished"])
def test_a_run_that_goes_on_says_up_to_where_it_was_judged(state, kept):
    assert ("Judged up to step 2" in text(kept(state=state))) is (state == "running")


@pytest.mark.parametrize(
    "curves, state, said",
    [
        ({}, "finished", "ended before anything was logged"),
        ({"my/own": Curve("my/own", np.arange(3), np.arange(3))}, "finished", "Choose from More curves"),
    ],
)
def test_nothing_to_draw_says_why(curves, state, said, kept):
    assert said in kept(curves=curves, state=state).info[0].value


def test_few_points_say_how_many_are_needed(kept):
    assert "20 are needed" in text(kept()).replace("\\", "")


def test_rulebook_explains_every_rule(runs, opened):
    at = opened("rulebook")
    for rule in rules.all_rules():
        assert any(words.plain(rule.title) in e.label for e in at.expander)


def test_rulebook_lists_the_signs_of_a_rule_as_points(runs, opened):
    shown = next(m.value for m in opened("rulebook").markdown if "*Dead network" in m.value)
    points = [line for line in shown.splitlines() if line.startswith("- *")]
    assert len(points) > 10 and points[-1].startswith("- *Bounces\\.* The rate never fell")


def test_navigation_runs(runs):
    at = AppTest.from_file(str(library.ROOT / "app" / "navigation.py"), default_timeout=30).run()
    assert not at.exception and at.title[0].value == "Runs"
