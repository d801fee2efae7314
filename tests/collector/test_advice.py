"""``run.findings`` and ``run.should_stop``: what a watcher has left, and only what holds for this attempt."""

import copy
import json
import pickle
import sys
import time
from pathlib import Path

import pytest

from collector import Collector, advice, schema, verdict
from collector.advice import Advice
from collector.verdict import Remedy
from diagnostics.rules import all_rules

sys.path.insert(0, str(Path(__file__).parent))

from left import condemning, report

STARTED = 1_700_000_000.123456


@pytest.fixture
def look(tmp_path, monkeypatch):
    """``look(step=…, rule=…, …)`` → the advice for an attempt from step 5 on, after a watcher has left that."""
    monkeypatch.setattr(advice, "EVERY", 0.0)
    told = Advice(tmp_path)

    def make(step=10, rule="diverged", started_at=STARTED, last_step=100, **more):
        verdict.leave(tmp_path, report(rule, last_step), step=step, started_at=started_at, **more)
        told.look(STARTED, 5)
        return told

    make.advice, make.file = told, tmp_path / schema.VERDICT_FILE
    return make


def until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_finding_arrives_with_its_remedies(look):
    (finding,) = look().findings
    assert (finding.rule, finding.severity, finding.message) == ("diverged", "error", "It broke.")
    assert (finding.first_step, finding.last_step) == (3, 100)
    assert finding.remedies == (Remedy("Divide it by 10.", "lr", "it broke at once", factor=0.1),)
    with pytest.raises(AttributeError):
        finding.rule = "healthy"


def test_stop_needs_two_judgements_in_a_row(look):
    assert not look(step=10).stop
    assert not look(step=10).stop  # judged anew, but of the same rows
    assert look(step=11).stop
    assert look(step=11).stop
    assert not look(step=12, rule="healthy").stop
    assert not look(step=13).stop


def test_other_verdicts_do_not_stop(look):
    look(step=10, rule="overfitting")
    assert not look(step=11, rule="overfitting").stop


@pytest.mark.parametrize("stop_on", ["overfitting", ("diverged", "overfitting"), {"overfitting"}])
def test_the_user_says_what_stops(tmp_path, monkeypatch, stop_on):
    monkeypatch.setattr(advice, "EVERY", 0.0)
    told = Advice(tmp_path, stop_on)
    for step in (1, 2):
        verdict.leave(tmp_path, report("overfitting"), step=step, started_at=STARTED)
        told.look(STARTED, 0)
    assert told.stop


@pytest.mark.parametrize("started_at", [STARTED - 60, STARTED + 60, None])
def test_a_verdict_on_another_attempt_is_none(look, started_at):
    look(step=10, started_at=started_at)
    told = look(step=11, started_at=started_at)
    assert (told.findings, told.stop) == ((), False)


def test_trouble_before_this_attempt_does_not_stop_it(look):
    look(step=10, last_step=4)
    told = look(step=11, last_step=4)
    assert told.findings and not told.stop


def test_an_attempt_not_begun_hears_nothing(tmp_path, monkeypatch):
    verdict.leave(tmp_path, report(), step=1, started_at=None)
    told = Advice(tmp_path)
    told.look(None, None)
    assert told.findings == ()


def broken():
    whole = json.dumps({"format_version": 1, "step": 11, "started_at": STARTED, **report()})
    other = {"format_version": 2, "step": 11, "started_at": STARTED, **report()}
    yield from (
        b"",
        b"[]",
        b"null",
        b"3",
        b"\xff\xfe",
        b"[" * 100_000,
        whole.encode()[:-20],
        json.dumps(other).encode(),
    )
    yield whole.replace('"evidence"', '"events"').encode()
    yield whole.replace('"step": 11', '"step": "soon"').encode()
    yield whole.replace('"step": 11', '"step": Infinity').encode()
    yield whole.replace('"last_step"', '"final"').encode()
    yield whole.replace('"findings": [', '"findings": [[], ').encode()
    yield whole.encode() + b" " * verdict.MOST_BYTES


@pytest.mark.parametrize("content", broken(), ids=lambda content: repr(content[:20]))
def test_what_is_damaged_or_foreign_is_passed_over(look, content):
    look(step=9)
    known = look(step=10).findings
    look.file.write_bytes(content)
    look.advice.look(STARTED, 5)
    assert (look.advice.findings, look.advice.stop) == (known, True)


def test_what_is_no_file_is_passed_over(look):
    look.file.mkdir()
    look.advice.look(STARTED, 5)
    assert look.advice.findings == ()


def test_the_file_is_looked_at_once_a_second_and_read_when_it_changed(tmp_path, monkeypatch):
    reads, now = [], [0.0]
    read = verdict.read
    monkeypatch.setattr(verdict, "read", lambda folder: reads.append(now[0]) or read(folder))
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    told = Advice(tmp_path)
    for tick in range(40):  # of 0.25 s
        now[0] = 100 + tick / 4
        if tick in (8, 9, 10):
            verdict.leave(tmp_path, report(), step=tick, started_at=STARTED)
        told.look(STARTED, 5)
    assert reads == [102.0, 103.0]


def test_the_loop_leaves_and_the_answer_stays_after_close(tmp_path, monkeypatch):
    monkeypatch.setattr(advice, "EVERY", 0.05)
    with Collector(tmp_path / "run") as run, condemning(tmp_path / "run"):
        assert run.findings == () and run.should_stop is False
        run.log(loss=1.0)
        until(lambda: run.should_stop)
    assert run.should_stop and run.findings[0].rule == "diverged"
    with Collector(tmp_path / "run") as again:  # the file is still there
        again.log(loss=1.0)
        time.sleep(0.6)
        assert again.findings == () and not again.should_stop


def test_copies_answer_and_pickled_ones_never_stop(tmp_path, monkeypatch):
    monkeypatch.setattr(advice, "EVERY", 0.05)
    with Collector(tmp_path / "run") as run, condemning(tmp_path / "run"):
        run.log(loss=1.0)
        until(lambda: run.should_stop)
        assert copy.deepcopy(run).should_stop
        elsewhere = pickle.loads(pickle.dumps(run))
        assert elsewhere.should_stop is False and elsewhere.findings == ()


def test_the_verdict_is_no_row_no_part_and_no_tail(tmp_path):
    """Resume, merge and readers pass over it, and over one that a killed watcher had half written."""
    from diagnostics.readers import read, sources

    for step in (1, 2):
        with Collector(tmp_path / "run") as run:
            run.log(loss=1.0, step=step)
            (tmp_path / "run" / ".verdict.json.0123abcd.tmp").write_bytes(b"{")
            verdict.leave(tmp_path / "run", report(), step=1, **verdict.judged(tmp_path / "run"))
    assert sources(tmp_path) == [tmp_path / "run"]
    (found,) = read(tmp_path / "run")
    assert (len(found["train/loss"]), found.notes) == (2, ())


def test_whose_rows_are_judged(tmp_path):
    assert verdict.judged(tmp_path / "nowhere") == {"attempt": None, "started_at": None}
    with Collector(tmp_path / "run") as run:
        assert verdict.judged(tmp_path / "run")["attempt"] is None  # it has begun, but has no row
        run.log(loss=1.0)
        until(lambda: verdict.judged(tmp_path / "run")["attempt"] == 1)
    with Collector(tmp_path / "run"):
        assert verdict.judged(tmp_path / "run")["attempt"] == 1


def test_a_name_that_no_finding_has_is_said_at_once(tmp_path, caplog):
    with Collector(tmp_path / "run", stop_on=("overfitting", "divergd")):
        pass
    assert "no finding is called 'divergd'; did you mean 'diverged'?" in caplog.text
    caplog.clear()
    with Collector(tmp_path / "another", stop_on="loss_spike"):
        pass
    assert not caplog.text


def test_the_names_are_those_of_the_rules():
    assert {rule.slug for rule in all_rules()} == verdict.RULES
