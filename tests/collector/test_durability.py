"""What an attempt leaves behind whose process was killed, who is alive, and in which order the disk is told."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from collector import Collector, claims, compact, durable, parts, run_file, schema, tail
from diagnostics.readers.run_folder import read
from diagnostics.readers.run_folder.rows import scalar_rows

KILLED = """
import os, signal, sys, time
import collector.journal, collector.writer
collector.journal.SEAL_ROWS, collector.writer.TICK = 100, 0.005
from collector import Collector
run = Collector(sys.argv[1], config={"lr": 1})
for i in range(int(sys.argv[2])):
    run.log({"train/loss": float(i), f"train/{i % 3}": 1.0}, step=i)
    time.sleep(0.0005)
run.note("said by the one who was killed")
time.sleep(0.05)
print("logged", flush=True)
if sys.argv[3] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
sys.stdin.read()
"""


def about(folder):
    return json.loads((folder / schema.RUN_FILE).read_text())


def killed(folder, rows):
    subprocess.run([sys.executable, "-c", KILLED, str(folder), str(rows), "kill"], capture_output=True, check=False)


def opened(handle):
    return str(Path(f"/proc/self/fd/{handle}").readlink())


def hidden(folder):
    return sorted(p.name for p in folder.iterdir() if p.name.startswith((".", "tail")))


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_what_a_killed_attempt_left_is_sealed_by_the_next_one_in_the_background(tmp_path):
    folder = tmp_path / "run"
    killed(folder, 350)
    assert any(name.startswith("tail-a1") for name in hidden(folder)) and ".attempt-1" in hidden(folder)
    before = scalar_rows(folder, [])[0].table["train/loss"].to_numpy()
    run = Collector(folder)
    run.step = 350
    run.log(loss=-1.0)
    assert until(lambda: not any("a1" in name or name == ".attempt-1" for name in hidden(folder)))
    np.testing.assert_array_equal(scalar_rows(folder, [])[0].table["train/loss"].to_numpy(), before)
    assert len(parts.of_attempt(folder, schema.SCALARS, 1)) == 1  # merged, too
    run.close()
    assert hidden(folder) == []
    first, second = about(folder)["attempts"]
    assert (first["state"], first["exception"], first["ended_at"]) == ("crashed", claims.GONE, None)
    assert (second["state"], second["exception"]) == ("finished", None)
    (found,) = read(folder)
    np.testing.assert_array_equal(found["train/loss"].values, [*range(350), -1])
    assert found.state == "finished" and found.notes == ("said by the one who was killed",)
    assert pd.read_parquet(folder / "scalars")["train/2"].count() == 116


def test_a_reader_finds_every_row_once_while_they_are_tidied_up(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    for _ in range(3):
        killed(folder, 150)
    monkeypatch.setattr("collector.writer.TICK", 0.001)
    run = Collector(folder)
    looks = 0
    while not looks or any(name.startswith("tail") for name in hidden(folder)):
        notes = []
        rows = [a.table["train/loss"].to_numpy().tolist() for a in scalar_rows(folder, notes)]
        assert rows == [[float(i) for i in range(150)]] * 3 and notes == []
        looks += 1
    run.close()


def test_who_is_alive(tmp_path):
    folder = tmp_path / "run"
    assert claims.alive(folder) is None  # no such folder
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), "5", "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        assert claims.alive(folder) is True and read(folder)[0].state == "running"
        here = Collector(folder)  # two at once: the other one is left alone
        here.log(loss=1.0)
        time.sleep(0.6)
        assert ".attempt-1" in hidden(folder) and tail.read(folder / schema.tail_name(1, 0)).numbers.size
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert claims.alive(folder) is True and read(folder)[0].state == "running"
        here.close()
    assert about(folder)["state"] == "finished"
    assert claims.alive(folder) is False  # the first one is still to be tidied up after
    Collector(folder).close()
    assert claims.alive(folder) is None and hidden(folder) == []


def test_a_killed_run_is_crashed_for_those_who_look_and_nothing_is_changed_by_looking(tmp_path):
    folder = tmp_path / "run"
    killed(folder, 20)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (found,) = read(folder)
    assert (found.state, found.exception) == ("crashed", claims.GONE)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("claim", [{"locked": True, "host": "another"}, {"locked": False}, "no JSON", [1]])
def test_where_nobody_can_know_who_is_alive_nothing_is_touched(tmp_path, claim):
    folder = tmp_path / "run"
    killed(folder, 20)
    path = folder / ".attempt-1"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | claim) if isinstance(claim, dict) else json.dumps(claim))
    assert claims.alive(folder) is None and read(folder)[0].state == "running"
    left = hidden(folder)
    with Collector(folder) as run:
        run.step = 20
    assert hidden(folder) == left and len(read(folder)[0]["train/loss"]) == 20


def test_a_claim_that_was_never_filled_and_a_tail_without_a_claim_are_orphans_after_a_while(tmp_path):
    folder = tmp_path / "run"
    killed(folder, 20)
    (folder / ".attempt-1").write_bytes(b"")
    killed(folder, 20)
    (folder / ".attempt-2").unlink()
    with Collector(folder) as run:
        run.step = 20
    assert any("a1" in name for name in hidden(folder)) and any("a2" in name for name in hidden(folder))
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    with Collector(folder) as run:
        run.step = 20
    assert hidden(folder) == [] and [len(a.steps) for a in scalar_rows(folder, [])] == [20, 20]


def test_temporary_files_of_the_dead_are_swept_and_those_in_use_are_not(tmp_path):
    folder = tmp_path / "run"
    Collector(folder).close()
    old, new, used = (folder / f".run.json.{k}.tmp" for k in ("old", "new", "used"))
    for path in (old, new, used):
        path.write_text("half")
    os.utime(old, (0, 0))
    os.utime(used, (0, 0))
    with used.open("r+b") as file:
        assert durable.locks.take(file.fileno())
        Collector(folder).close()
    assert hidden(folder) == [new.name, used.name]


def test_a_merge_that_a_kill_cut_short_is_completed(tmp_path):
    folder = tmp_path / "run"
    killed(folder, 350)
    small = {path: path.read_bytes() for path in (folder / "scalars").iterdir()}
    assert len(small) > 1
    compact.settle(folder, schema.SCALARS, 1)
    for path, data in small.items():
        path.write_bytes(data)  # as if the process had died before it deleted them
    with Collector(folder) as run:
        run.step = 350
    assert len(parts.of_attempt(folder, schema.SCALARS, 1)) == 1 and len(read(folder)[0]["train/loss"]) == 350


def test_rows_that_a_power_cut_took_leave_a_gap_not_a_shift(tmp_path):
    folder = tmp_path / "run"
    killed(folder, 60)  # the first few rows, with new tags, are in tails of their own
    path = max(folder.glob("tail-a1-*.bin"))
    data = bytearray(path.read_bytes())
    start = int.from_bytes(data[12:16], sys.byteorder)
    record = (len(data) - start) // int.from_bytes(data[24:32], sys.byteorder)
    data[start + 10 * record : start + 20 * record] = bytes(10 * record)
    path.write_bytes(data)
    with Collector(folder) as run:
        run.step = 60
    first = int(schema.TAIL_NAME.match(path.name)["first"])
    kept = [i for i in range(60) if not first + 10 <= i < first + 20]
    (found,) = read(folder)
    assert found["train/loss"].values.tolist() == kept and any("10 of 60 rows" in note for note in found.notes)


def test_content_reaches_the_disk_before_its_name_and_the_name_before_what_it_replaces_goes(tmp_path, monkeypatch):
    folder, did = tmp_path / "run", []
    for name in ("fsync", "fdatasync"):
        sync = getattr(os, name)
        monkeypatch.setattr(os, name, lambda fd, sync=sync: (did.append(("sync", opened(fd))), sync(fd)))
    monkeypatch.setattr(durable, "sync_data", os.fdatasync)
    path_type = type(folder)
    replace, unlink = path_type.replace, path_type.unlink
    monkeypatch.setattr(path_type, "replace", lambda a, b: (did.append(("rename", str(a), str(b))), replace(a, b))[1])
    monkeypatch.setattr(path_type, "unlink", lambda a, **k: (did.append(("unlink", str(a))), unlink(a, **k))[1])
    monkeypatch.setattr("collector.writer.FLUSH", 0.05)
    run = Collector(folder)
    run.log(loss=1.0)
    path = str(folder / schema.tail_name(1, 0))
    assert until(lambda: ("sync", path) in did and ("sync", str(folder)) in did)
    run.close()
    gone = did.index(("unlink", path))
    part = str(folder / "scalars" / schema.part_name(1, 0, 0))
    (at, temporary) = next((i, op[1]) for i, op in enumerate(did) if op[0] == "rename" and op[2] == part)
    assert did.index(("sync", temporary)) < at
    assert at < did.index(("sync", str(folder / "scalars")), at) < gone
    about_it = [i for i, op in enumerate(did) if op[0] == "rename" and op[2] == str(folder / schema.RUN_FILE)]
    assert all(("sync", did[i][1]) in did[:i] for i in about_it)


def test_the_tail_is_flushed_as_often_as_promised_and_only_when_rows_came(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(durable, "sync_data", flushed.append)
    monkeypatch.setattr("collector.writer.FLUSH", 0.05)
    monkeypatch.setattr("collector.writer.TICK", 0.01)
    with Collector(tmp_path / "run") as run:
        run.log(loss=1.0)
        assert until(lambda: len(flushed) == 1)
        time.sleep(0.2)
        assert len(flushed) == 1
        run.log(loss=2.0)
        assert until(lambda: len(flushed) == 2)


def test_a_damaged_run_file_is_kept_beside_the_new_one(tmp_path):
    folder = tmp_path / "run"
    Collector(folder).close()
    (folder / schema.RUN_FILE).write_text("{half")
    Collector(folder).close()
    assert about(folder)["state"] == "finished" and (folder / run_file.DAMAGED).read_text() == "{half"
