import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app import desk, library
from app.desk import Desk
from collector import schema
from diagnostics.readers import ReadError, run_folder

SAMPLE = library.ROOT / "sample_runs" / "digits-overfitting"


@pytest.fixture
def growing(tmp_path: Path) -> Path:
    """A run that goes on, as far as it has come."""
    folder = tmp_path / "run"
    (folder / schema.SCALARS).mkdir(parents=True)
    (folder / schema.RUN_FILE).write_text('{"state": "running"}')
    grow(folder, 0)
    return folder


def grow(folder: Path, first: int, rows: int = 50) -> None:
    steps = np.arange(first + 1, first + rows + 1)
    table = {"step": steps, "wall_time": 1e9 + steps, "train/loss": 1 / steps}
    pq.write_table(pa.table(table), folder / schema.SCALARS / schema.part_name(1, first, first + rows - 1))


@pytest.fixture
def judged(monkeypatch) -> list[int]:
    """The last step of each run that is judged."""
    seen: list[int] = []
    diagnose = desk.diagnose
    monkeypatch.setattr(desk, "diagnose", lambda run: seen.append(run.last_step) or diagnose(run))
    return seen


@pytest.fixture(autouse=True)
def calm(monkeypatch) -> None:
    """However busy the machine is, judging these few rows is quick."""
    monkeypatch.setattr(desk, "QUICK", 5.0)


def at(table: Desk, folder: Path):
    return table.cases(folder)[0]


def test_tabs_that_come_at_once_share_one_reading_and_one_judgement(growing, judged, monkeypatch):
    seen = []
    read = run_folder.Followed.read
    monkeypatch.setattr(run_folder.Followed, "read", lambda self: seen.append(1) or time.sleep(0.1) or read(self))
    table, found = Desk(lambda path: None), []
    tabs = [threading.Thread(target=lambda: found.append(at(table, growing))) for _ in range(20)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert len(found) == 20 and all(case is found[0] for case in found)
    assert len(seen) == 1 and judged == [50]


def test_rows_are_shown_before_they_are_judged(growing, judged, monkeypatch):
    table, told = Desk(lambda path: told.append(path)), []
    at(table, growing)
    monkeypatch.setattr(table._judging, "_free_at", time.monotonic() + 0.5)
    grow(growing, 50)
    case = at(table, growing)
    assert case.run.last_step == 100 and case.as_of == 50 and judged == [50]
    ends = time.monotonic() + 5
    while not told and time.monotonic() < ends:
        time.sleep(0.05)
    case = at(table, growing)
    assert told == [growing] and case.as_of is None and judged == [50, 100]


def test_a_run_that_ends_is_judged_at_once(growing, judged, monkeypatch):
    table = Desk(lambda path: None)
    at(table, growing)
    monkeypatch.setattr(table._judging, "_free_at", time.monotonic() + 60)
    grow(growing, 50)
    (growing / schema.RUN_FILE).write_text('{"state": "finished"}')
    assert at(table, growing).as_of is None and judged == [50, 100]


def test_what_takes_long_to_judge_is_judged_beside(growing, judged, monkeypatch):
    told = threading.Event()
    table = Desk(lambda path: told.set())
    at(table, growing)
    monkeypatch.setattr(table._judging, "_free_at", 0.0)
    monkeypatch.setattr(table._opened[growing], "_cost", 9.0)
    go_on = threading.Event()
    diagnose = desk.diagnose
    monkeypatch.setattr(desk, "diagnose", lambda run: go_on.wait(5) and diagnose(run))
    grow(growing, 50)
    assert at(table, growing).as_of == 50, "nobody waits for it"
    (growing / schema.RUN_FILE).write_text('{"state": "finished"}')
    assert at(table, growing).as_of == 50
    monkeypatch.setattr(table._judging, "_free_at", time.monotonic() + 60)
    go_on.set()
    ends = time.monotonic() + 30
    while at(table, growing).as_of is not None:
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert told.is_set() and at(table, growing).run.state == "finished"


def test_only_so_much_is_kept(tmp_path, monkeypatch):
    folders = [shutil.copytree(SAMPLE, tmp_path / str(i)) for i in range(4)]
    table = Desk(lambda path: None)
    size = table.cases(folders[0]) and table._opened[folders[0]].size
    monkeypatch.setattr(desk, "MOST_BYTES", 2 * size)
    for folder in folders:
        table.cases(folder)
    assert [folder in table for folder in folders] == [False, False, True, True]


def test_what_cannot_be_read_is_not_kept(tmp_path):
    table = Desk(lambda path: None)
    with pytest.raises(ReadError):
        table.cases(tmp_path / "gone")
    assert tmp_path / "gone" not in table
