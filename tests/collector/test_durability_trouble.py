"""The disk refuses, vanishes, or is another one: training goes on, one line is said, and what can be kept is kept."""

import errno
import json
import mmap
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from collector import Collector, durable, schema
from collector.sample import Norms
from diagnostics.readers.run_folder import read
from diagnostics.readers.run_folder.rows import scalar_rows


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    """Tries again soon, and takes refuge where nobody else does."""
    monkeypatch.setattr("collector.writer.RETRY", 0.05)
    monkeypatch.setattr("collector.writer.TICK", 0.01)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()


@pytest.fixture
def full(monkeypatch):
    """A disk that is full for what is written below the folder that it is given, until it is given None."""
    state = {"folder": None}
    reserve, fsync = os.posix_fallocate, os.fsync

    def refuse(handle):
        path = opened(handle)
        if state["folder"] is not None and path.startswith(str(state["folder"])):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    monkeypatch.setattr(os, "posix_fallocate", lambda fd, *a: (refuse(fd), reserve(fd, *a))[1])
    monkeypatch.setattr(os, "fsync", lambda fd: (refuse(fd), fsync(fd))[1])
    return lambda folder: state.update(folder=folder)


def opened(handle):
    return str(Path(f"/proc/self/fd/{handle}").readlink())


def values(folder):
    return read(folder)[0]["train/loss"].values


def log(run, first, last):
    for i in range(first, last):
        run.log(loss=float(i))


def warm(seconds=0.3):
    time.sleep(seconds)


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def refuges(tmp_path):
    return list((tmp_path / "temporary").iterdir())


def test_a_disk_that_is_full_for_a_while(tmp_path, caplog, full):
    folder = tmp_path / "run"
    with Collector(folder) as run:
        log(run, 0, 100)
        full(folder)
        log(run, 100, 20_000)
        warm()
        log(run, 20_000, 30_000)
        warm()
        assert len(caplog.messages) == 1 and "No space left" in caplog.messages[0]
        assert str(tmp_path / "temporary") in caplog.messages[0]
        full(None)
        until(lambda: len(caplog.messages) == 2)
        log(run, 30_000, 30_100)
        assert values(folder)[-1] == 30_099
    np.testing.assert_array_equal(values(folder), np.arange(30_100))
    assert len(caplog.messages) == 2 and "works again" in caplog.messages[1]
    assert refuges(tmp_path) == [] and read(folder)[0].state == "finished"


def test_a_disk_that_is_full_from_the_first_moment_to_the_last(tmp_path, caplog, full):
    full(tmp_path / "run")
    run = Collector(tmp_path / "run", config={"lr": 1})
    log(run, 0, 20_000)
    run._writer._layers.add(1, Norms(["w"], [1.0], [0.5], [None], [False]))
    run.close(ValueError("and the training crashed, too"))
    assert len(caplog.messages) == 2
    (kept,) = refuges(tmp_path)
    assert "20,000 rows" in caplog.messages[1] and str(kept) in caplog.messages[1] and "lost" not in caplog.messages[1]
    (found,) = read(kept)
    np.testing.assert_array_equal(found["train/loss"].values, np.arange(20_000))
    assert (found.state, found.exception) == ("crashed", "ValueError: and the training crashed, too")
    assert found.layers["update_ratio"].tolist() == [0.5] and found.name == "run"


def test_rows_that_nothing_takes_are_bounded_and_counted(tmp_path, caplog, full, monkeypatch):
    monkeypatch.setattr("collector.journal.MOST_ASTRAY", 1_000_000)
    full(tmp_path)  # the temporary files as well: memory is what remains
    run = Collector(tmp_path / "run")
    log(run, 0, 100_000)
    assert sum(tail.length for tail in run._journal.tails) < 2_000_000
    run.close()
    assert len(caplog.messages) == 2 and "100,000 rows are lost" in caplog.messages[1]


def test_old_rows_are_let_go_and_the_rest_is_kept(tmp_path, caplog, full, monkeypatch):
    monkeypatch.setattr("collector.journal.MOST_ASTRAY", 1_000_000)
    full(tmp_path / "run")
    run = Collector(tmp_path / "run")
    log(run, 0, 100_000)
    run.close()
    (kept,) = refuges(tmp_path)
    found = values(kept)
    assert found[-1] == 99_999 and 8_192 <= len(found) < 100_000
    assert (
        f"{len(found):,} rows" in caplog.messages[-1]
        and f"{100_000 - len(found):,} rows are lost" in caplog.messages[-1]
    )


def test_only_parts_are_refused(tmp_path, caplog, monkeypatch):
    """Then the tails stay, and neither files nor maps of memory are held open."""
    folder = tmp_path / "run"
    write = durable.write

    def refuse(path, *rest):
        if path.suffix == ".parquet":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        write(path, *rest)

    monkeypatch.setattr(durable, "write", refuse)
    run = Collector(folder)
    for i in range(60):
        log(run, i * 2_000, (i + 1) * 2_000)
        warm(0.01)
    warm()
    tails = len(list(folder.glob("tail*")))
    assert tails < 40 and len(list(Path("/proc/self/fd").iterdir())) < 60
    assert len(caplog.messages) == 1
    run.close()
    np.testing.assert_array_equal(values(folder), np.arange(120_000))
    assert (folder / ".attempt-1").exists()  # there is something to tidy up
    monkeypatch.setattr(durable, "write", write)
    with Collector(folder) as run:
        run.step = 120_000
    assert [p.name for p in folder.iterdir() if p.name.startswith((".", "tail"))] == []
    np.testing.assert_array_equal(values(folder), np.arange(120_000))
    assert read(folder)[0].state == "finished"


def test_a_file_in_the_way_and_then_not(tmp_path, caplog):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "scalars").write_text("in the way")
    with Collector(folder) as run:
        log(run, 0, 300)
        warm()
        (folder / "scalars").unlink()
        until(lambda: len(caplog.messages) == 2)
        log(run, 300, 310)
    np.testing.assert_array_equal(values(folder), np.arange(310))
    assert len(caplog.messages) == 2 and refuges(tmp_path) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_permission_denied_for_a_while(tmp_path, caplog):
    folder = tmp_path / "run"
    with Collector(folder) as run:
        log(run, 0, 10)
        folder.chmod(0o500)
        log(run, 10, 30_000)
        warm()
        folder.chmod(0o700)
        until(lambda: len(caplog.messages) == 2)
    np.testing.assert_array_equal(values(folder), np.arange(30_000))
    assert len(caplog.messages) == 2


def test_the_folder_removed_again_and_again(tmp_path, caplog):
    folder = tmp_path / "run"
    with Collector(folder, config={"lr": 1}) as run:
        for i in range(5):
            log(run, i * 10, i * 10 + 10)
            warm(0.1)
            shutil.rmtree(folder.rename(tmp_path / "gone"))
            until(folder.is_dir)
        log(run, 50, 60)
        until(lambda: values(folder)[-1] == 59)
    (found,) = read(folder)
    assert found.config == {"lr": 1} and found.state == "finished"
    assert len([m for m in caplog.messages if "failed" in m]) == 1


def test_the_folder_moved_away_and_another_run_in_its_place(tmp_path, caplog):
    folder = tmp_path / "run"
    run = Collector(folder)
    log(run, 0, 50)
    folder.rename(tmp_path / "moved")
    other = Collector(folder)
    other.log(loss=-1.0, step=1)
    warm(0.2)
    log(run, 50, 60)
    run.close()
    assert (folder / schema.tail_name(1, 0)).exists()  # of the other one: not ours to delete
    other.close()
    by_attempt = {a.number: a.table["train/loss"].to_pylist() for a in scalar_rows(folder, [])}
    assert by_attempt[1] == [-1.0] and by_attempt[2][-10:] == [float(i) for i in range(50, 60)]
    rescued = {
        *by_attempt[2],
        *(v for a in scalar_rows(tmp_path / "moved", []) for v in a.table["train/loss"].to_pylist()),
    }
    assert rescued == {float(i) for i in range(60)}
    assert sum("moved, deleted or replaced" in message for message in caplog.messages) == 1


def test_a_tail_that_is_deleted_or_cut_off_under_us_is_left_at_once(tmp_path):
    """In a process of its own: a row into a page that is no longer in the file would end it with SIGBUS."""
    code = """
import os, sys, time
from collector import Collector
run = Collector(sys.argv[1])
for i in range(100):
    run.log(loss=float(i))
time.sleep(0.6)
path = max(p.path for p in os.scandir(sys.argv[1]) if p.name.startswith("tail"))
os.truncate(path, 0) if sys.argv[2] == "cut" else os.unlink(path)
run.log(loss=100.0) if sys.argv[2] == "delete" else None
time.sleep(0.6)
"""
    code += "[run.log(loss=float(i)) for i in range(200, 30_000)]\nrun.close()\n"
    for how, least in (("cut", 29_864), ("delete", 29_901)):
        folder = tmp_path / how
        done = subprocess.run([sys.executable, "-c", code, folder, how], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.returncode, done.stderr)
        found = values(folder)
        assert len(found) >= least and found[-1] == 29_999
        assert 1 <= done.stderr.count("failed") <= 2, done.stderr  # with the cut one it is said that rows are gone


def test_a_file_system_without_memory_maps(tmp_path, caplog, monkeypatch):
    class Refusing(mmap.mmap):
        def __new__(cls, handle, length):
            if opened(handle).startswith(str(tmp_path / "run")):
                raise OSError(errno.ENODEV, "No such device")
            return super().__new__(cls, handle, length)

    monkeypatch.setattr(mmap, "mmap", Refusing)
    with Collector(tmp_path / "run") as run:
        log(run, 0, 20_000)
    np.testing.assert_array_equal(values(tmp_path / "run"), np.arange(20_000))
    assert refuges(tmp_path) == []


def test_a_disk_that_comes_and_goes_does_not_fill_the_log(tmp_path, caplog, full):
    folder = tmp_path / "run"
    with Collector(folder) as run:
        for i in range(12):
            full(folder if i % 2 == 0 else None)
            log(run, i * 9_000, (i + 1) * 9_000)
            warm(0.15)
    assert len(caplog.messages) <= 10
    np.testing.assert_array_equal(values(folder), np.arange(108_000))


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount")
def test_a_real_disk_that_is_full(tmp_path, caplog):
    home = tmp_path / "small"
    home.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", home], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with Collector(home / "run") as run:
            ballast = home / "ballast"
            ballast.write_bytes(bytes(700_000))
            log(run, 0, 20_000)
            warm()
            ballast.unlink()
            subprocess.run(["mount", "-o", "remount,size=20m", home], check=True)
            until(lambda: len(caplog.messages) == 2)
            log(run, 20_000, 20_010)
        np.testing.assert_array_equal(values(home / "run"), np.arange(20_010))
        assert len(caplog.messages) == 2
    finally:
        subprocess.run(["umount", home], check=True)


def test_run_json_that_cannot_be_written_is_written_later(tmp_path, monkeypatch, caplog):
    write = durable.write

    def refuse(path, *rest):
        if path.name == schema.RUN_FILE:
            raise OSError(errno.EDQUOT, "Disk quota exceeded", str(path))
        write(path, *rest)

    monkeypatch.setattr(durable, "write", refuse)
    with Collector(tmp_path / "run", config={"lr": 1}) as run:
        log(run, 0, 10)
        warm()
        monkeypatch.setattr(durable, "write", write)
        until((tmp_path / "run" / schema.RUN_FILE).exists)
        assert json.loads(Path(tmp_path / "run" / schema.RUN_FILE).read_text())["config"] == {"lr": 1}
    assert len(caplog.messages) == 2 and len(values(tmp_path / "run")) == 10
