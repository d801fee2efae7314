"""The score counts what it says it counts."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.rivals import NAMES, ask, environment, log, serve
from benchmarks.rivals.log import Said
from benchmarks.score import confusion, grid, memo, opinions, timing
from benchmarks.score.grid_page import Grid, named_in_flight
from benchmarks.score.lab_page import Part, matrix
from benchmarks.score.opinions import Reports
from benchmarks.score.timing import Judged
from collector.schema import LR, TRAIN_LOSS, VAL_LOSS, Shape
from diagnostics import Remedy, diagnose, synthetic
from diagnostics.curve import Curve
from diagnostics.engine import HEADLINES


@pytest.fixture(autouse=True)
def _own_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(memo.Memo.__init__, "__defaults__", (tmp_path,))


def test_f1_is_that_of_the_textbook():
    truth, said = ["healthy", "healthy", "diverged", "overfitting"], ["healthy", "diverged", "diverged", "alarm"]
    scores = confusion.by_verdict(truth, said)
    assert scores.F1.to_dict() == pytest.approx({"diverged": 2 / 3, "overfitting": 0, "healthy": 2 / 3})
    assert confusion.macro_f1(truth, said) == pytest.approx(4 / 9)


def test_a_rates_end_is_looked_up_where_it_was_tried():
    labels = pd.DataFrame(
        {
            "cell": "a",
            "lr": [0.01, 0.1, 1.0, 10.0],
            "final_train": [1.0, 0.5, 2.0, np.inf],
            "label": ["lr_too_low", "lr_ok", "lr_too_high", "diverged"],
            "val_rises": False,
        },
        index=pd.Index(list("wxyz"), name="run"),
    )
    public = grid.Public([], labels)
    assert grid.fixed(public, "lr_too_high", 0.1) == (1, 1)
    assert grid.fixed(public, "lr_too_low", 0.1) == (0, 0)  # not tried
    assert grid.fixed(public, "diverged", 1.0) == (0, 1)  # no better than itself
    assert grid.fixed(public, "lr_ok", 100.0) == (0, 1)  # what diverges is not lower


def test_rates_farther_apart_are_looked_up_farther_away():
    labels = pd.DataFrame(
        {"cell": "a", "lr": [0.01, 0.1], "final_train": [1.0, 0.5], "label": "lr_too_low", "val_rises": False},
        index=["x", "y"],
    )
    assert grid.fixed(grid.Public([], labels), "lr_too_low", 5.0) == (1, 2)
    assert len(grid.select(grid.Public([synthetic.healthy(), synthetic.healthy()], labels), labels.lr > 0.05).runs) == 1


def test_the_advised_rate_is_read_from_factor_or_value():
    report = diagnose(synthetic.healthy())
    headline = report.headline
    for remedy in (Remedy("a", "lr", "b", factor=0.1), Remedy("a", "lr", "b", value=0.05)):
        object.__setattr__(headline, "remedies", (Remedy("a", "dropout", "b", value=0.1), remedy))
        assert grid.advised_rate(report, 0.5) == pytest.approx(0.05)


def test_a_part_is_judged_and_told():
    nan = synthetic.falling()
    nan[300:] = np.nan
    cases = [Judged("sound", "healthy", synthetic.healthy()), Judged("nan", "diverged", synthetic.make(nan))]
    part = Part("tuning", cases, Reports())
    assert part.f1 == 1.0 and not part.misses and part.alarmed == [False]
    assert "macro-F1 **1.000**" in matrix(part)
    times = timing.by_truth(part.times)
    asked = part.times[part.times.truth.isin(timing.LOWER)]
    assert (asked.lower.astype(float) <= asked.settled.astype(float)).sum() == asked.settled.notna().sum()
    assert list(times.index) == ["diverged"] and times.settled["diverged"] == pytest.approx(0.3, abs=0.06)
    assert times.could["diverged"] == 0  # it was well when it was due


def test_what_could_be_told_in_time():
    blown = Judged("blown", "diverged", synthetic.make(np.r_[2.3, np.full(999, 9.0)]))
    coarse = Judged("coarse", "diverged", synthetic.make(np.r_[2.3, np.full(99, 9.0)]))
    val = synthetic.falling(2.3, 0.5, pace=30) + np.linspace(0, 0.5, synthetic.STEPS)
    rare = synthetic.make(synthetic.falling(), val)  # one evaluation in 5 % of the run
    often = synthetic.with_curves(rare, Curve(VAL_LOSS, np.arange(1, 1001, 10), val[::10]))
    turned = [Judged("turned", "overfitting", run) for run in (rare, often)]
    assert [timing.could(case) for case in (blown, coarse, *turned)] == [True, False, False, True]


def test_a_finding_that_names_two_causes_is_whichever_is_true():
    opinion = opinions.Opinion(("lr_too_low", "bad_initialization"), ("lr_too_low", "bad_initialization"), ("x",), 0.0)
    assert opinion.verdict("bad_initialization") == "bad_initialization"
    assert opinion.verdict("healthy") == "lr_too_low"
    assert opinions.Opinion((), (), ("spike",), 0.0).verdict("healthy") == "alarm"
    assert opinions.Opinion((), (), (), 0.0).verdict("diverged") == "healthy"


def test_a_rival_gets_each_value_in_the_row_of_its_step():
    run = synthetic.make(np.array([3.0, np.nan, 1.0]), lr=0.1)
    run = synthetic.with_curves(run, Curve(VAL_LOSS, np.array([0, 2, 9]), np.array([9.0, 8.0, 7.0])))
    table = ask.log_of(run)
    assert table["step"] == [1, 2, 3] and table["val_loss"] == [9.0, 8.0, 7.0] and np.isnan(table["train_loss"][1])


def test_a_loss_that_is_no_longer_logged_is_handed_over_as_nan():
    run = synthetic.make(np.ones(4), lr=0.1)
    gone = synthetic.with_curves(run, Curve(LR, np.arange(1, 9), np.full(8, 0.1)))
    assert len(ask.log_of(run)["step"]) == 4
    assert np.isnan(ask.log_of(gone)["train_loss"][4:]).all() and ask.log_of(gone)["step"] == list(range(1, 9))


def test_files_for_rivals_keep_nan_and_leave_blanks(tmp_path):
    table = {"step": [1, 2], "train_loss": [float("nan"), 0.5], "val_loss": [None, 1.0]}
    text = log.write_csv(table, tmp_path / "a.csv", {"step": "step", "train_loss": "loss", "lr": "lr"}).read_text()
    assert text.split() == ["step,loss", "1,nan", "2,0.5"]
    first, second = log.write_jsonl(table, tmp_path / "a.jsonl").read_text().splitlines()
    assert "val_loss" not in json.loads(first) and json.loads(second)["val_loss"] == 1.0


class Adapter:
    """A rival that says what it is told."""

    def __init__(self, said):
        self.said = said

    def prepare(self, table, folder):
        return table

    def judge(self, table):
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


def test_a_rival_that_fails_is_an_answer(tmp_path):
    assert serve.answer(Adapter([Said("x", "info")]), {}, tmp_path)["said"][0]["finding"] == "x"
    assert serve.answer(Adapter(ValueError("no")), {}, tmp_path)["error"] == "ValueError: no"


@pytest.mark.parametrize("name", NAMES)
def test_rivals_words_are_ours(name):
    adapter = environment.adapter(name)
    assert {v for verdicts in adapter.WORDS.values() for v in verdicts} <= set(HEADLINES)
    assert adapter.PACKAGE in "".join(environment._wanted())


def test_answers_are_kept_by_what_they_depend_on(tmp_path):
    first = memo.Memo("kind", "a", tmp_path)
    assert first.get("key", lambda: 1) == 1
    first.save()
    assert memo.Memo("kind", "a", tmp_path).get("key", lambda: 2) == 1
    assert memo.Memo("kind", "b", tmp_path).get("key", lambda: 2) == 2


def test_a_run_is_known_by_all_that_is_in_it():
    run = synthetic.healthy()
    assert memo.fingerprint(run) == memo.fingerprint(synthetic.healthy())
    assert memo.fingerprint(run) != memo.fingerprint(synthetic.with_config(run, lr=1.0))
    moved = Curve(TRAIN_LOSS, run[TRAIN_LOSS].steps + 1, run[TRAIN_LOSS].values)
    assert memo.fingerprint(run) != memo.fingerprint(synthetic.with_curves(run, moved))
    assert memo.fingerprint(run) != memo.fingerprint(replace(run, shapes={"0.weight": Shape("Linear", (8, 6))}))


def test_sound_runs_are_counted_where_something_is_said():
    labels = pd.DataFrame({"label": ["lr_ok", "lr_ok"], "val_rises": [False, True]}, index=["a", "b"])
    public = grid.Public([synthetic.healthy(0), synthetic.healthy(1)], labels)
    judged = Grid(public, Reports())
    assert judged.false(alarm=True) == (0, 1)
    assert named_in_flight(judged.calm, judged.reports) == (0, 1)


def test_what_is_looked_up_ahead_is_not_judged_again(monkeypatch):
    cases = [Judged("a", "healthy", synthetic.healthy()), Judged("b", "overfitting", synthetic.healthy())]
    reports, alone = Reports(), timing.measured(cases, Reports())
    reports.look_ahead(timing.asked(cases), jobs=1)
    monkeypatch.setattr(opinions, "verdicts", None)
    pd.testing.assert_frame_equal(timing.measured(cases, reports), alone)
