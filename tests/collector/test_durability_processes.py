"""Several processes, threads and ends of a process: each row is written once, by the one that owns the run."""

import copy
import json
import os
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from collector import Collector, schema
from diagnostics.readers.run_folder import read
from diagnostics.readers.run_folder.rows import scalar_rows

MANY = """
import sys
from collector import Collector
for i in range(10):
    with Collector(sys.argv[1]) as run:
        run.note(f"{sys.argv[2]}-{i}")
        for k in range(20):
            run.log(loss=float(k), step=int(sys.argv[2]) * 1000 + i * 20 + k)
"""
START = "import os, sys, signal, threading, time\nfrom collector import Collector\nrun = Collector(sys.argv[1])\n"


def about(folder):
    return json.loads((folder / schema.RUN_FILE).read_text())


def hidden(folder):
    return [p.name for p in folder.iterdir() if p.name.startswith((".", "tail"))]


def script(folder, code):
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", START + code, folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_processes_that_open_one_folder_at_once_are_all_in_run_json(tmp_path):
    folder = tmp_path / "run"
    processes = [
        subprocess.Popen([sys.executable, "-c", MANY, folder, str(n)], stderr=subprocess.PIPE) for n in range(3)
    ]
    said = [process.communicate()[1].decode() for process in processes]
    entries = about(folder)["attempts"]
    assert [entry["attempt"] for entry in entries] == list(range(1, 31))
    assert {entry["state"] for entry in entries} == {"finished"} and about(folder)["state"] == "finished"
    # Where one attempt outlasts the start of another, the collector's own warning stands beside theirs.
    theirs = [note for note in about(folder)["notes"] if "is still being recorded" not in note]
    assert sorted(theirs) == sorted(f"{n}-{i}" for n in range(3) for i in range(10))
    notes = []
    rows = [attempt.steps for attempt in scalar_rows(folder, notes)]
    assert sorted(np.concatenate(rows).tolist()) == sorted(n * 1000 + i for n in range(3) for i in range(200))
    assert notes == [] and hidden(folder) == [] and not any("failed" in text for text in said)


def test_a_second_run_in_a_folder_is_said_and_an_honest_resume_is_not(tmp_path, caplog):
    folder = tmp_path / "run"
    with Collector(folder) as run:
        for _ in range(10):
            run.log(loss=1.0)
    with Collector(folder) as run:
        run.step = 5
        run.log(loss=2.0)
    assert caplog.messages == []
    with Collector(folder) as run:
        for _ in range(3):
            run.log(loss=3.0)
            time.sleep(0.3)
    (said,) = caplog.messages
    assert "attempt 3 begins at step 1" in said and "another folder" in said and "run.step" in said


def test_a_second_collector_beside_one_that_goes_on_is_no_resume(tmp_path, caplog):
    folder = tmp_path / "run"
    with Collector(folder) as first, Collector(folder) as second:
        for run in (first, second):
            run.log(loss=1.0)
            time.sleep(0.3)
    (said,) = caplog.messages
    assert "attempt 1 is still being recorded" in said and "a folder of its own" in said
    (note,) = about(folder)["notes"]
    assert note in said


def test_the_run_goes_on_while_one_of_two_attempts_does(tmp_path):
    one, two = Collector(tmp_path / "run"), Collector(tmp_path / "run")
    two.close(ValueError("the second one"))
    entries = about(tmp_path / "run")["attempts"]
    assert about(tmp_path / "run")["state"] == "running" and about(tmp_path / "run")["exception"] is None
    assert [entry["state"] for entry in entries] == ["running", "crashed"]
    assert entries[1]["exception"] == "ValueError: the second one"
    one.close()
    assert about(tmp_path / "run")["state"] == "finished"


@pytest.mark.parametrize(
    ("code", "rows", "state"),
    [
        ("run.log(loss=1.0); os._exit(3)", 1, "crashed"),
        ("run.log(loss=1.0); os.kill(os.getpid(), signal.SIGTERM)", 1, "crashed"),
        ("run.log(loss=1.0); os.execv(sys.executable, [sys.executable, '-c', 'pass'])", 1, "crashed"),
        ("run.log(loss=1.0); sys.exit(0)", 1, "finished"),
        ("run.log(loss=1.0); sys.exit('bad')", 1, "finished"),
        ("run.log(loss=1.0); os.kill(os.getpid(), signal.SIGINT); time.sleep(5)", 1, "crashed"),
        ("with run:\n    run.log(loss=1.0)\n    sys.exit(1)", 1, "crashed"),
        (
            "t = threading.Thread(target=lambda: (run.log(loss=1.0), 1 / 0)); t.start(); t.join(); run.log(loss=2.0)",
            2,
            "finished",
        ),
        (
            "threading.Thread(target=lambda: [(run.log(loss=1.0), time.sleep(.1)) for _ in range(5)]).start()",
            5,
            "finished",
        ),
        ("run.log(loss=1.0); run.close(); run.close(); run.close(ValueError())", 1, "finished"),
        ("import atexit; atexit.register(lambda: run.log(loss=2.0)); run.log(loss=1.0)", 2, "finished"),
        ("del run", 0, "finished"),
    ],
)
def test_however_a_process_ends_its_rows_are_there(tmp_path, code, rows, state):
    done = script(tmp_path / "run", code)
    (found,) = read(tmp_path / "run")
    assert len(found["train/loss"] if rows else ()) == rows and found.state == state, done.stderr
    assert "curvewise" not in done.stderr and "ignored" not in done.stderr, done.stderr


def test_threads_log_at_once_and_one_of_them_closes(tmp_path, caplog):
    run, begun = Collector(tmp_path / "run"), threading.Barrier(5)
    logged = [0] * 4

    def work(k):
        begun.wait()
        while run._open:
            run.log({f"t/{k}": float(logged[k])})
            logged[k] += 1

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    begun.wait()
    time.sleep(0.7)
    run.close()
    for thread in threads:
        thread.join()
    (found,) = read(tmp_path / "run")
    for k in range(4):
        values = found[f"t/{k}"].values
        np.testing.assert_array_equal(values, np.arange(len(values)))
        assert logged[k] - 1 <= len(values) <= logged[k]  # the row that came while the run was being closed
    assert hidden(tmp_path / "run") == [] and found.state == "finished"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_outlives_its_parent_does_not_keep_the_run_alive(tmp_path):
    code = """
run.log(loss=1.0)
if os.fork() == 0:
    run.log(loss=2.0); run.close(); print("passing through", flush=True); time.sleep(20); os._exit(0)
time.sleep(60)
"""
    command = [sys.executable, "-c", START + code, tmp_path / "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.kill()
        process.wait()
        (found,) = read(tmp_path / "run")
        assert found.state == "crashed" and len(found["train/loss"]) == 1
        with Collector(tmp_path / "run") as run:
            run.step = 1
        assert hidden(tmp_path / "run") == []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forks_while_the_background_thread_works(tmp_path, monkeypatch):
    monkeypatch.setattr("collector.journal.SEAL_ROWS", 20)
    monkeypatch.setattr("collector.writer.TICK", 0.001)
    run = Collector(tmp_path / "run")
    for i in range(100):
        for _ in range(20):
            run.log(loss=float(i))
        child = os.fork()
        if child == 0:
            run.log(loss=-1.0)
            os._exit(0)
        os.waitpid(child, 0)
    run.close()
    assert read(tmp_path / "run")[0]["train/loss"].values.tolist() == [float(i) for i in range(100) for _ in range(20)]


def test_workers_of_a_data_loader_that_hold_the_collector_record_nothing(tmp_path):
    code = """
import torch

class Data(torch.utils.data.Dataset):
    def __init__(self, run): self.run = run
    def __len__(self): return 8
    def __getitem__(self, i):
        self.run.log(loss=-1.0); self.run.log_eval(loss=-1.0); self.run.note("no"); self.run.close()
        return torch.zeros(1)

if __name__ == "__main__":
    for how in ("fork", "spawn"):
        for _ in torch.utils.data.DataLoader(Data(run), num_workers=2, multiprocessing_context=how):
            run.log(loss=1.0)
"""
    path = tmp_path / "loader.py"
    path.write_text(
        "import sys\nfrom collector import Collector\nif __name__ == '__main__':\n    run = Collector(sys.argv[1])\n"
        + code
    )
    done = subprocess.run([sys.executable, path, tmp_path / "run"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].values.tolist() == [1.0] * 16 and "val/loss" not in found and found.notes == ()
    assert [entry["attempt"] for entry in about(tmp_path / "run")["attempts"]] == [1]


def test_a_model_that_holds_the_collector_can_be_copied_and_pickled(tmp_path):
    torch = pytest.importorskip("torch")
    with Collector(tmp_path / "run") as run:
        model = torch.nn.Linear(2, 1)
        model.run = run
        assert copy.deepcopy(model).run is run and copy.copy(run) is run
        elsewhere = pickle.loads(pickle.dumps(model)).run
        with elsewhere as other:
            other.log(loss=1.0)
            other.watch()
        elsewhere.step = 5
        elsewhere.close()
        run.log(loss=2.0)
    assert read(tmp_path / "run")[0]["train/loss"].values.tolist() == [2.0]


def test_control_c_at_any_instant_shifts_no_row(tmp_path):
    """Real signals while rows are logged; every row is there once, whether or not ``log`` returned from it."""
    code = """
import collector.journal, collector.mapped_tail
collector.journal.MIN_ROWS = collector.mapped_tail.MIN_ROWS = 2
collector.journal.GROWTH = 1
import pyarrow.parquet
time.sleep(1)  # imports of the background threads are over: a Ctrl-C within Python's own import lock would never free it
ready, struck = threading.Event(), [0]
def storm():
    ready.wait()
    while struck[0] < 300:
        struck[0] += 1
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.001)
thread = threading.Thread(target=storm)
returned = []
thread.start()
i = 0
over = False
while not over:
    try:
        ready.set()
        while struck[0] < 300:
            i += 1
            run.log({"t/x": float(i), f"t/{i % 50}": 1.0}); returned.append(i)
        thread.join()
        time.sleep(0.1)
        over = True
    except KeyboardInterrupt:
        pass
run.close()
print(*returned)
"""
    done = script(tmp_path / "run", code)
    returned = [int(x) for x in done.stdout.split()]
    (found,) = read(tmp_path / "run")
    values = found["t/x"].values.astype(int).tolist()
    assert sorted(set(values)) == values and set(returned) <= set(values), done.stderr
    ended = "crashed" if done.returncode else "finished"  # one may strike while one is being handled
    assert (found.state, found.notes) == (ended, ())


def test_a_signal_handler_may_log_and_close_in_the_middle_of_a_log(tmp_path, monkeypatch):
    """What a handler for preemption does, at the worst instant: the lock is held by the very thread it interrupts."""
    from collector.mapped_tail import Tail

    whole, handler = Tail.append, []

    def struck(tail, *row):
        index = whole(tail, *row)
        if handler and threading.current_thread() is threading.main_thread():  # where signals are handled
            handler.pop()()
        return index

    monkeypatch.setattr(Tail, "append", struck)
    run = Collector(tmp_path / "run")
    run.log(loss=1.0)
    handler.append(lambda: run.log(loss=3.0))
    run.log(loss=2.0)
    handler.append(lambda: run.close())
    began = time.monotonic()
    run.log(loss=4.0)
    assert time.monotonic() - began < 20  # the background thread was not waited for in vain, which takes 30 s
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].values.tolist() == [1.0, 2.0, 3.0, 4.0] and found.state == "finished"


def test_a_timer_that_logs_at_any_instant_shifts_no_row(tmp_path):
    code = """
count = [0]
def tick(*_):
    count[0] += 1
    run.log({"t/tick": float(count[0])})
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for i in range(60_000):
    run.log({"t/x": float(i)})
signal.setitimer(signal.ITIMER_REAL, 0)
run.close()
print(count[0])
"""
    done = script(tmp_path / "run", code)
    (found,) = read(tmp_path / "run")
    assert done.stderr == "" and int(done.stdout) > 20
    assert found["t/x"].values.tolist() == list(range(60_000))
    ticks = sorted(found["t/tick"].values.tolist())  # one tick may strike within another
    assert ticks == list(range(1, int(done.stdout) + 1))
