"""The fuzzing damages what it says, and tells a fault from a refusal."""

import random
from pathlib import Path

import pytest

from benchmarks.fuzzing import guided, judge
from benchmarks.fuzzing.damage import DAMAGES, damaged
from benchmarks.fuzzing.inputs import Input, collect
from diagnostics.readers import read_all


def test_every_kind_of_log_is_taken() -> None:
    formats = {one.format for one in collect()}
    assert {"tensorboard", "wandb", "mlflow", "console", "table", "own run", "archive"} <= formats


def test_a_damaged_log_differs_in_one_file() -> None:
    one = Input("text", "text", {"a.log": b"step 1 loss 0.5\n" * 9, "b.log": b"x"})
    for seed in range(20):
        worse, how = damaged(one, [one], random.Random(seed))
        assert how and {*how} <= {*DAMAGES}
        assert sum(worse.files[place] != content for place, content in one.files.items()) <= 1


def test_a_refusal_is_no_fault_and_a_traceback_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(judge, "FAILED", tmp_path)
    one = Input("table", "table", {"log.csv": b"\0\0\0"})
    assert judge.fault(one) is None

    def broken(home: Path) -> list[str]:
        raise KeyError("loss")

    monkeypatch.setattr(judge, "faults_in", broken)
    assert judge.fault(one) == "KeyError: 'loss'"
    assert [p.suffix for p in tmp_path.iterdir()].count(".txt") == 1


@pytest.mark.parametrize(("name", "end"), [("event records", ".v2"), ("W&B records", "run-failed.wandb")])
def test_framed_again_the_records_are_read(name: str, end: str, tmp_path: Path) -> None:
    kind = guided.FORMATS[name]
    whole = next(c for one in collect() for place, c in one.files.items() if place.endswith(end))
    (tmp_path / kind.name).write_bytes(kind.outside(kind.inside(whole)))
    runs, errors = read_all([tmp_path])
    assert runs and not errors and not any("damaged" in note for run in runs for note in run.notes)
