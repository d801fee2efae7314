"""ClearML's offline sessions."""

import random
import shutil
from pathlib import Path

import pytest

from diagnostics.readers import ReadError, logs, read_all, sources, understand
from diagnostics.readers.clearml import claims
from tests.logs import log, truth
from tests.logs.points import agrees, points

SESSION = log("clearml") / "session"


def test_every_point_as_logged() -> None:
    assert sources(log("clearml")) == [SESSION]
    (found,) = logs(SESSION)
    assert found.name == "digits" and agrees(found, truth("clearml")["digits"]) == []
    assert set(points(found)) == {*truth("clearml")["digits"], "Summary/best"}
    assert found.config == {"lr": 0.1, "amp": True, "optimizer/name": "adam", "model/layers": 3}
    assert found.notes == ("left out, as no curves: 1 × plot",)
    run = understand(found)
    assert run["val/accuracy"].steps.tolist() == list(range(19, 120, 20)) and run["train/loss"].wall_time[0] > 1.7e9


def test_the_session_as_a_zip_and_its_file_alone(tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "offline"), "zip", SESSION)
    runs, errors = read_all([tmp_path / "offline.zip"])
    assert [run.name for run in runs] == ["digits"] and not errors
    shutil.copy(SESSION / "metrics.jsonl", tmp_path / "x.jsonl")
    assert len(logs(tmp_path / "x.jsonl")[0].series) == 4


def test_damaged_lines_are_told_and_the_others_kept(tmp_path: Path) -> None:
    event = '{"timestamp": 1, "type": "training_stats_scalar", "task": "a", "iter": %d, "metric": "loss", "variant": "x", "value": %s}'
    lines = [
        f"[{event % (0, '1')}]",
        "[" * 100_000,
        "7",
        f"[{event % (1, 'NaN')}, 5, {event % (2, '[]')}]",
        f"[{event % (3, '1')}",
    ]
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines))
    (found,) = logs(tmp_path / "metrics.jsonl")
    assert str(points(found)) == "{'loss/x': [(0.0, 1.0), (1.0, nan), (3.0, 1.0)]}"
    assert found.notes[:3] == tuple(f"line {n}: damaged, the events that are whole are read" for n in (2, 3, 5))


def test_of_a_line_cut_short_every_whole_event_is_read(tmp_path: Path) -> None:
    data = (SESSION / "metrics.jsonl").read_bytes()
    (tmp_path / "metrics.jsonl").write_bytes(data[: len(data) // 2])
    found = points(logs(tmp_path / "metrics.jsonl")[0])["loss/train"]
    assert len(found) > 50 and found == [tuple(p) for p in truth("clearml")["digits"]["loss/train"][: len(found)]]


def test_other_lines_of_json_are_not_claimed(tmp_path: Path) -> None:
    for name, text in (
        ("a.jsonl", '{"metric": 1, "variant": 2, "task": 3, "iter": 4}'),
        ("b.jsonl", '[{"metric": 1}]'),
        ("c.jsonl", ""),
    ):
        (tmp_path / name).write_text(text)
        assert not claims(tmp_path / name)
    (tmp_path / "d.jsonl").write_text('[{"metric": "m", "variant": "v", "task": "t", "iter": 1, "type": "plot"}]')
    with pytest.raises(ReadError, match="without a scalar"):
        logs(tmp_path / "d.jsonl")


def test_damage_anywhere_ends_in_a_reading_or_in_one_line(tmp_path: Path) -> None:
    data, pick = (SESSION / "metrics.jsonl").read_bytes(), random.Random(1)
    for n in range(60):
        broken = bytearray(data[: pick.randrange(len(data))] if n % 2 else data)
        for _ in range(0 if n % 2 else 3):
            broken[pick.randrange(len(broken))] ^= 1 << pick.randrange(8)
        (tmp_path / "metrics.jsonl").write_bytes(broken)
        if claims(tmp_path / "metrics.jsonl"):
            _, errors = read_all([tmp_path / "metrics.jsonl"])
            assert all("\n" not in str(e) and "please report" not in e.message for e in errors)
