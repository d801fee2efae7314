"""What holds for every tool that logs to an SQLite database: it is read while in use, left as it is, and read as far as it is sound."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pytest

from diagnostics.readers import Log, logs, read_all, trackio
from diagnostics.readers.formats.sqlite_file import rows
from diagnostics.readers.mlflow import database
from tests.logs import log
from tests.logs.points import points


@dataclass(frozen=True)
class Tool:
    """Its database, whether the reader claims one, and SQL that logs ``{"loss": [(99, 7.5)]}`` last to the run ``run``."""

    database: Path
    claims: Callable[[Path], bool]
    insert: str
    run: str


TOOLS = {
    "mlflow": Tool(
        log("mlflow") / "mlflow.db",
        database.claims,
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " SELECT 'loss', 7.5, 1, run_uuid, 99, 0 FROM runs WHERE name = 'running'",
        "running",
    ),
    "trackio": Tool(
        log("trackio") / "digits.db",
        trackio.claims,
        "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics)"
        " SELECT run_id, '2030-01-01T00:00:00', run_name, 99, '{\"loss\": 7.5}' FROM metrics WHERE run_name = 'plain' LIMIT 1",
        "plain",
    ),
}
EACH = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)


def by_name(path: Path) -> dict[str, Log]:
    return {found.name: found for found in logs(path)}


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {p.name: (p.stat().st_size, p.stat().st_mtime_ns) for p in folder.iterdir()}


@EACH
@pytest.mark.parametrize("journal", ["wal", "delete", "persist"])
def test_a_database_in_use_is_read_and_left_as_it_is(tool: Tool, tmp_path: Path, journal: str) -> None:
    shutil.copy(tool.database, tmp_path / "x.db")
    base = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    base.execute(f"PRAGMA journal_mode = {journal}")
    base.execute(tool.insert)
    before = listing(tmp_path)
    assert ("x.db-wal" in before) == (journal == "wal")
    tmp_path.chmod(0o555)
    try:
        assert tool.claims(tmp_path / "x.db")
        assert points(by_name(tmp_path / "x.db")[tool.run])["loss"][-1] == (99, 7.5)
    finally:
        tmp_path.chmod(0o755)
    assert listing(tmp_path) == before
    base.close()


@EACH
def test_a_packed_database_that_was_last_used_with_a_journal(tool: Tool, tmp_path: Path) -> None:
    shutil.copy(tool.database, tmp_path / "x.db")
    base = sqlite3.connect(tmp_path / "x.db")
    base.execute("PRAGMA journal_mode = wal")
    base.close()
    before = listing(tmp_path)
    assert by_name(tmp_path / "x.db").keys() == by_name(tool.database).keys() and listing(tmp_path) == before


class Circle:
    """A damaged database whose pages lead back: its rows never end."""

    def execute(self, query: str, after: tuple[int]) -> "Circle":
        self.left = iter(n for n in cycle((1, 2, 3, 0)) if n > after[0] or n == 0)
        return self

    def fetchmany(self, size: int) -> list[tuple[int, str]]:
        return [(n, "row") for n in islice(self.left, size)]


def test_damage_that_leads_back_ends():
    notes: list[str] = []
    found = [number for batch in rows(Circle(), "metrics", ["text"], notes) for number, _ in batch]  # type: ignore[arg-type]
    assert found == [1, 2, 3]
    assert notes == ["the database is damaged in table metrics after row 3 (its rows do not go on): some rows are lost"]


@EACH
def test_damage_anywhere_ends_in_a_reading_or_in_one_line(tool: Tool, tmp_path: Path) -> None:
    data, pick = tool.database.read_bytes(), random.Random(1)
    runs, _ = read_all([tool.database])
    complete = {run.name: len(run["train/loss"]) for run in runs if "train/loss" in run}
    for n in range(60):
        broken = bytearray(data[: pick.randrange(len(data))] if n % 2 else data)
        for _ in range(0 if n % 2 else 1 + n):
            broken[pick.randrange(len(broken))] ^= 1 << pick.randrange(8)
        (tmp_path / "x.db").write_bytes(broken)
        if tool.claims(tmp_path / "x.db"):
            runs, errors = read_all([tmp_path / "x.db"])
            assert all("\n" not in str(e) and "please report" not in e.message for e in errors)
            left = {run.name: len(run["train/loss"]) for run in runs if run.name in complete and "train/loss" in run}
            assert n % 2 == 0 or all(left[name] <= complete[name] for name in left)
