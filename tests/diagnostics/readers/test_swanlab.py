"""SwanLab's own record, framed as W&B's."""

import random
import shutil
from pathlib import Path

import pytest

from diagnostics.readers import ReadError, logs, read_all, sources
from diagnostics.readers.swanlab.record import MAGIC, claims
from tests.logs import log, truth
from tests.logs.points import agrees, points

RUNS = log("swanlab")


def record(name: str) -> Path:
    return next((RUNS / f"run-{name}").glob("*.swanlab"))


@pytest.mark.parametrize(("name", "state"), [("plain", "finished"), ("failed", "crashed")])
def test_every_point_as_logged(name: str, state: str) -> None:
    (found,) = logs(RUNS / f"run-{name}")
    logged = {key: value for key, value in truth("swanlab")[name].items() if value}
    assert (
        (found.name, found.state) == (name, state) and agrees(found, logged) == [] and set(points(found)) == set(logged)
    )
    assert found.config == {"lr": 0.1, "net": "mlp"} and found.notes == ("left out, as no curves: 1 × remark",)
    assert found.exception == ("RuntimeError: out of luck" if name == "failed" else None)
    assert found.series[0].wall_time is not None and found.series[0].wall_time[0] > 1.7e9


def test_folders_and_files_are_told_by_content(tmp_path: Path) -> None:
    assert sources(RUNS) == [RUNS / "run-failed", RUNS / "run-plain"]
    shutil.copy(record("plain"), tmp_path / "renamed.bin")
    assert (
        claims(tmp_path / "renamed.bin")
        and not claims(RUNS / "run-plain" / "files" / "config.yaml")
        and not claims(tmp_path)
    )
    (tmp_path / "empty.swanlab").write_bytes(MAGIC)
    with pytest.raises(ReadError, match="logged no number"):
        logs(tmp_path / "empty.swanlab")


def test_damage_costs_what_it_hit_and_is_told(tmp_path: Path) -> None:
    data, pick = record("plain").read_bytes(), random.Random(1)
    logged = {str(p) for p in points(logs(record("plain"))[0])["train/loss"]}
    for n in range(150):
        broken = bytearray(data[: pick.randrange(8, len(data))] if n % 2 else data)
        for _ in range(0 if n % 2 else 1):
            broken[pick.randrange(7, len(broken))] ^= 1 << pick.randrange(8)
        (tmp_path / "run.swanlab").write_bytes(broken)
        _, errors = read_all([tmp_path / "run.swanlab"])
        assert all("\n" not in str(e) and "please report" not in e.message for e in errors)
        if not errors:
            (found,) = logs(tmp_path / "run.swanlab")
            assert {str(p) for p in points(found).get("train/loss", [])} <= logged and found.notes
