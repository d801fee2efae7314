"""What must hold when something goes wrong: kill -9, fork, a disk that refuses, an exception in the loop."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from collector import Collector, claims, compact, schema
from diagnostics.readers.run_folder import read

WRITER = """
import sys
from collector import Collector
run = Collector(sys.argv[1])
for i in range(int(sys.argv[2])):
    run.log(loss=float(i))
    print(i + 1, flush=True)
sys.stdin.read()
"""


def about(folder):
    return json.loads((folder / schema.RUN_FILE).read_text())


def writer(folder, rows):
    command = [sys.executable, "-c", WRITER, str(folder), str(rows)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_sigkill_loses_no_row_that_log_returned_from(tmp_path):
    with writer(tmp_path / "run", 1_000_000) as process:
        for line in process.stdout:
            if int(line) >= 12_000:  # beyond one tail, so a sealed part and a live tail
                process.send_signal(signal.SIGKILL)
                break
        returned = max([int(line), *map(int, process.stdout.read().split()[:-1])])
    (found,) = read(tmp_path / "run")
    values = found["train/loss"].values
    assert len(values) >= returned
    np.testing.assert_array_equal(values, np.arange(len(values)))
    assert (found.state, found.exception, found.notes) == ("crashed", claims.GONE, ())


def test_rows_are_visible_to_another_process_while_the_run_goes_on(tmp_path):
    with writer(tmp_path / "run", 7) as process:
        assert [process.stdout.readline() for _ in range(7)][-1] == "7\n"
        (found,) = read(tmp_path / "run")
        assert found["train/loss"].values.tolist() == [0, 1, 2, 3, 4, 5, 6]
        process.kill()


def test_a_reader_never_loses_or_doubles_a_row_while_parts_are_sealed_and_merged(tmp_path, monkeypatch):
    monkeypatch.setattr("collector.journal.SEAL_ROWS", 50)
    monkeypatch.setattr("collector.writer.TICK", 0.002)
    monkeypatch.setattr("collector.writer.TIDY", 0.01)
    monkeypatch.setattr("collector.compact.FAN", 3)
    run = Collector(tmp_path / "run")
    end, sealed = time.monotonic() + 2.0, 0
    logged = 0
    while time.monotonic() < end:
        for _ in range(200):
            run.log(loss=float(logged))
            logged += 1
        (found,) = read(tmp_path / "run")
        np.testing.assert_array_equal(found["train/loss"].values, np.arange(logged))
        sealed = max(sealed, len(list((tmp_path / "run" / "scalars").iterdir())))
    run.close()
    assert sealed > 1


def test_a_watcher_of_the_folder_hears_of_new_rows_in_half_a_second(tmp_path):
    events = pytest.importorskip("watchdog.events")
    observers = pytest.importorskip("watchdog.observers")
    heard = threading.Event()

    class Ear(events.FileSystemEventHandler):
        def on_modified(self, event):
            if schema.TAIL_NAME.match(Path(event.src_path).name):
                heard.set()

    with Collector(tmp_path / "run") as run:
        run.log(loss=1.0)
        time.sleep(0.3)  # the events of the file's creation are over
        observer = observers.Observer()
        observer.schedule(Ear(), str(tmp_path), recursive=True)
        observer.start()
        time.sleep(0.3)
        assert not heard.is_set()  # and a run that logs nothing is silent
        run.log(loss=2.0)
        assert heard.wait(0.5 + 1.0)  # the second is for a busy machine
        observer.stop()
        observer.join()


def test_an_exception_passes_unchanged_and_is_kept(tmp_path):
    with pytest.raises(ValueError, match="loss is 3") as caught, Collector(tmp_path / "run") as run:
        run.log(loss=3.0)
        raise ValueError("loss is 3")
    assert caught.value.__context__ is None
    (found,) = read(tmp_path / "run")
    assert (found.state, found.exception) == ("crashed", "ValueError: loss is 3")
    assert "raise ValueError" in about(tmp_path / "run")["traceback"]
    with pytest.raises(KeyboardInterrupt), Collector(tmp_path / "other"):
        raise KeyboardInterrupt
    assert read(tmp_path / "other")[0].exception == "KeyboardInterrupt"


@pytest.mark.parametrize(("end", "state"), [("", "finished"), ("1 / 0", "crashed"), ("sys.exit(0)", "finished")])
def test_a_run_nobody_closed_is_closed_at_exit(tmp_path, end, state):
    code = f"import sys\nfrom collector import Collector\nCollector(sys.argv[1]).log(loss=1.0)\n{end}"
    subprocess.run([sys.executable, "-c", code, tmp_path / "run"], capture_output=True, check=False)
    (found,) = read(tmp_path / "run")
    assert found.state == state and len(found["train/loss"]) == 1
    assert (tmp_path / "run" / "scalars" / schema.part_name(1, 0, 0)).exists()


def test_a_resume_is_a_new_attempt_that_truncates_nothing(tmp_path):
    with Collector(tmp_path / "run", config={"lr": 1}) as run:
        for step in range(1, 11):
            run.log(loss=float(step))
    first = sorted((tmp_path / "run" / "scalars").iterdir())
    with Collector(tmp_path / "run") as run:
        run.step = 6  # the checkpoint's
        for _ in range(4):
            run.log(loss=-1.0, extra=1.0)
    assert set(first) < set((tmp_path / "run" / "scalars").iterdir())
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == list(range(1, 11))
    assert found["train/loss"].values.tolist() == [1, 2, 3, 4, 5, 6, -1, -1, -1, -1]
    assert found.superseded["train/loss"].values.tolist() == [7, 8, 9, 10]
    assert found.resumed_at == (7,) and found.config == {"lr": 1}
    assert [(a["attempt"], a["first_step"]) for a in about(tmp_path / "run")["attempts"]] == [(1, 1), (2, 7)]
    pandas = pytest.importorskip("pandas")
    assert pandas.read_parquet(tmp_path / "run" / "scalars")["train/extra"].count() == 4


def test_two_at_once_in_one_folder_do_not_share_a_file(tmp_path):
    one, two = Collector(tmp_path / "run"), Collector(tmp_path / "run")
    one.log(loss=1.0, step=1)
    two.log(loss=2.0, step=2)
    one.close()
    two.close()
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].values.tolist() == [1.0, 2.0]
    assert [a["attempt"] for a in about(tmp_path / "run")["attempts"]] == [1, 2]


def test_a_folder_that_cannot_be_made_warns_once_and_nothing_is_lost_when_it_can(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("collector.writer.RETRY", 0.05)
    (tmp_path / "blocked").write_text("a file where the folder should be")
    with Collector(tmp_path / "blocked" / "run") as run:
        for i in range(20_000):
            run.log(loss=float(i))
        assert len(caplog.messages) == 1 and str(tmp_path / "blocked" / "run") in caplog.messages[0]
        (tmp_path / "blocked").unlink()
        time.sleep(0.6)
        run.log(loss=-1.0)
        on_disk = read(tmp_path / "blocked" / "run")[0]["train/loss"].values  # recording has resumed
        assert on_disk[-1] == -1.0
    values = read(tmp_path / "blocked" / "run")[0]["train/loss"].values
    np.testing.assert_array_equal(values, [*range(20_000), -1])
    assert len(caplog.messages) == 2 and "works again" in caplog.messages[1]


def test_what_a_folder_refuses_to_the_end_is_kept_as_a_run_elsewhere_and_said(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "blocked").write_text("")
    with Collector(tmp_path / "blocked" / "run", config={"lr": 1}) as run:
        for i in range(10_000):
            run.log(loss=float(i))
    assert len(caplog.messages) == 2 and "10,000 rows" in caplog.messages[1]
    (kept,) = tmp_path.glob("curvewise-run-*")
    assert str(kept) in caplog.messages[1]
    (found,) = read(kept)
    assert (found.name, found.state, found.config, found.notes) == ("run", "finished", {"lr": 1}, ())
    np.testing.assert_array_equal(found["train/loss"].values, np.arange(10_000))


def test_the_folder_deleted_under_the_run(tmp_path, caplog):
    import shutil

    with Collector(tmp_path / "run") as run:
        run.log(loss=1.0)
        (tmp_path / "run").rename(tmp_path / "gone")  # at once: a file made meanwhile would keep the folder
        shutil.rmtree(tmp_path / "gone", ignore_errors=True)
        run.log(loss=2.0)
        run.log(loss=3.0, new=1.0)
    assert read(tmp_path / "run")[0]["train/loss"].values.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_writes_nothing(tmp_path):
    run = Collector(tmp_path / "run")
    run.log(loss=1.0)
    child = os.fork()
    if child == 0:
        run.log(loss=2.0)
        run.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert about(tmp_path / "run")["state"] == "running"
    run.log(loss=3.0)
    run.close()
    assert read(tmp_path / "run")[0]["train/loss"].values.tolist() == [1.0, 3.0]


def test_recording_needs_no_torch_pandas_or_streamlit(tmp_path):
    code = """
import sys, collector, collector.schema
from collector import Collector
assert not {"torch", "pandas", "streamlit"} & set(sys.modules)
with Collector(sys.argv[1]) as run:
    run.log(loss=1.0)
assert not {"torch", "pandas", "streamlit"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code, tmp_path / "run"], check=True)


def test_a_merge_cut_short_leaves_no_row_twice(tmp_path, monkeypatch):
    monkeypatch.setattr("collector.journal.SEAL_ROWS", 1)
    folder = tmp_path / "run"
    run = Collector(folder)
    for i in range(3):
        run.log({f"t/{i}": float(i)})
        while len(list((folder / "scalars").iterdir())) <= i:
            time.sleep(0.01)
    small = {p: p.read_bytes() for p in (folder / "scalars").iterdir()}
    assert len(small) == 3
    run.close()
    for path, data in small.items():
        path.write_bytes(data)  # as if the process had died before it deleted them
    (found,) = read(folder)
    assert [len(found[f"t/{i}"]) for i in range(3)] == [1, 1, 1]
    compact.compact(folder, "scalars", 1)
    assert [p.name for p in (folder / "scalars").iterdir()] == [schema.part_name(1, 0, 2)]
