"""The benchmark runs, says what it must say, and notices a collector that loses, doubles or changes rows."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.collector_cost import targets
from benchmarks.collector_cost.share import _interval
from benchmarks.collector_cost.verdict import judge
from collector import Collector, schema

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_smoke_run_prints_and_writes_every_part(tmp_path):
    command = [sys.executable, "-m", "benchmarks.collector", "--quick", "--write", str(tmp_path / "cost.md")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # whether promises are met is no matter of a test
    assert (tmp_path / "cost.md").read_text() == done.stdout
    for part in ("One step of four", "Share of a", "Memory", "On disk", "SIGKILL", "Many kills", "Promises"):
        assert part in done.stdout
    assert "| curvewise | 31" not in done.stdout or "400 of 400 | as logged" in done.stdout
    assert "| many kills: rows lost, doubled or changed | 0 | 0 lost, 0 faults" in done.stdout


@pytest.fixture
def folder(tmp_path):
    with Collector(tmp_path / "run") as run:
        for i in range(10):
            run.log(loss=float(i), twin=-2.0 * i)
    return tmp_path / "run"


def test_a_sound_run_has_nothing_wrong(folder):
    found = judge(folder, 0, 9)
    assert (found.lost, found.wrong, found.notes) == (0, [], [])


def test_a_lost_row_is_noticed(folder):
    found = judge(folder, 0, 11)
    assert found.lost == 2 and "2 of 12 acknowledged rows lost, from 10 on" in found.wrong


def test_a_doubled_row_is_noticed(folder):
    (part,) = (folder / schema.SCALARS).iterdir()
    shutil.copy(part, part.with_name(schema.part_name(1, 10, 19)))
    assert any("is there 2 times" in text for text in judge(folder, 0, 9).wrong)


def test_a_changed_value_is_noticed(tmp_path):
    with Collector(tmp_path / "run") as run:
        run.log(loss=0.0, twin=0.0)
        run.log(loss=1.0, twin=5.0)
    assert "values or steps are not those that were logged" in judge(tmp_path / "run", 0, 1).wrong


def test_rows_in_two_files_are_counted(folder):
    (part,) = (folder / schema.SCALARS).iterdir()
    shutil.copy(part, part.with_name(schema.part_name(1, 0, 4)))
    assert judge(folder, 0, 9).twice_on_disk


def test_the_interval_holds_a_known_difference():
    import numpy as np

    noise = np.random.default_rng(0).normal(1, 0.01, (2, 200))
    low, high = _interval(noise[0] * 1.05, noise[1])
    assert low < 5 < high and high - low < 1


def test_a_missed_promise_is_missed():
    kills = {"curvewise": {"1 kHz": [{"acknowledged": 9, "lost": 1, "doubled": 0}]}}
    (target,) = targets.of_kills(kills)
    assert target.met is False and "**missed**" in target.row()
