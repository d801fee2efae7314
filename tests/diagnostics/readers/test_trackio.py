"""Trackio's database: every point as logged, also what is still in its journal, and with the tables of older versions."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from diagnostics.readers import Log, ReadError, logs, understand
from diagnostics.readers.trackio import claims
from tests.logs import log, truth
from tests.logs.points import agrees, points

DATABASE = log("trackio") / "digits.db"


def by_name(path: Path) -> dict[str, Log]:
    return {found.name: found for found in logs(path)}


def older(path: Path, rows: list[tuple[str, str, int, str]]) -> Path:
    """A database as Trackio wrote it before runs had ids."""
    base = sqlite3.connect(path)
    base.execute(
        "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)"
    )
    base.executemany("INSERT INTO metrics (timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?)", rows)
    base.commit()
    base.close()
    return path


def test_every_point_of_every_run_as_logged() -> None:
    found = by_name(DATABASE)
    assert set(found) == {"plain", "again"}
    for name, told in found.items():
        assert agrees(told, truth("trackio")[name]) == []
        assert set(points(told)) == {*truth("trackio")[name], "gpu/memory", "temperature"}


def test_config_times_and_what_is_no_curve() -> None:
    found = by_name(DATABASE)["plain"]
    assert found.config == {"lr": 0.1, "optimizer": {"name": "adam"}} and found.state is None
    assert found.notes == ("left out, as no curves: 60 × text, 60 × truth value",)
    times = found.series[0].wall_time
    assert times is not None and (np.diff(times) >= 0).all() and 1.7e9 < times[0] < 2e9


def test_a_resume_and_system_metrics_find_their_steps() -> None:
    run = understand(by_name(DATABASE)["again"])
    assert run["train/loss"].steps.tolist() == list(range(30)) and run.resumed_at == (15,)
    assert len(run["temperature"]) == 2 and run["temperature"].values.tolist() == [61, 61]


def test_infinity_in_rows_that_are_still_in_the_journal(tmp_path: Path) -> None:
    shutil.copy(DATABASE, tmp_path / "x.db")
    base = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute('UPDATE metrics SET metrics = \'{"loss": "-Infinity"}\'')
    assert {v for _, v in points(by_name(tmp_path / "x.db")["plain"])["loss"]} == {float("-inf")}
    base.close()


def test_a_database_that_lies_in_its_journal_alone(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA wal_autocheckpoint = 0")
    base.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp, run_name, step, metrics)")
    base.execute("INSERT INTO metrics VALUES (1, '2025-01-01T00:00:00+00:00', 'a', 3, '{\"loss\": 1}')")
    assert claims(tmp_path / "new.db") and points(logs(tmp_path / "new.db")[0]) == {"loss": [(3, 1)]}
    base.close()


def test_older_tables_have_no_ids_and_bad_rows_are_told(tmp_path: Path) -> None:
    time = "2025-01-01T00:00:00"
    deep = '{"a":' * 50_000 + "1" + "}" * 50_000
    rows = [
        (time, "a", 0, '{"loss": "NaN", "<b>": 2}'),
        (time, "b", 0, '{"loss": 1}'),
        ("never", "a", 1, "[1]"),
        (time, "a", 2, deep),
    ]
    rows += [(time, "a", 3, '{"hist": {"_type": "trackio.histogram", "bins": 3}, "loss": 5, "n": null}')]
    found = by_name(older(tmp_path / "old.db", rows))
    assert str(points(found["a"])) == "{'loss': [(0.0, nan), (3.0, 5.0)], '<b>': [(0.0, 2.0)]}"
    assert points(found["b"]) == {"loss": [(0, 1)]}
    assert found["a"].notes[:2] == (
        "row 3 of metrics: no JSON object, left out",
        "row 4 of metrics: no JSON object, left out",
    )
    assert "1 × trackio.histogram" in found["a"].notes[2]


def test_ten_thousand_names_and_an_empty_project(tmp_path: Path) -> None:
    many = json.dumps({f"m{n}": n for n in range(10_000)})
    assert len(logs(older(tmp_path / "many.db", [("", "a", 0, many)]))[0].series) == 10_000
    with pytest.raises(ReadError, match="nothing was logged"):
        logs(older(tmp_path / "empty.db", []))
