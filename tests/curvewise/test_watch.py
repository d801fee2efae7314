"""``curvewise watch``: real trainings in other processes, what is said of them, and what is left in their folders."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import numpy as np
import pytest

from collector import claims, run_file, schema, verdict
from collector.verdict import OURS
from curvewise import watched
from curvewise.cli import main
from curvewise.watched import Watched
from diagnostics import Curve, Run
from diagnostics.keep import keep

TRAINING = """
import sys, time, torch
from collector import Collector
torch.manual_seed(0); torch.set_num_threads(1)
folder, lr, steps = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
draw = torch.Generator().manual_seed(1)
truth = torch.randn(20, 1, generator=draw)
model = torch.nn.Sequential(torch.nn.Linear(20, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
optimizer = torch.optim.SGD(model.parameters(), lr)
with Collector(folder, model=model, optimizer=optimizer, loss="mse") as run:
    for step in range(steps):
        x = torch.randn(64, 20, generator=draw)
        loss = torch.nn.functional.mse_loss(model(x), x @ truth)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        run.log(loss=loss)
        if run.should_stop:
            break
        time.sleep(0.01)
    print(run.step, *(finding.rule for finding in run.findings))
"""


@pytest.fixture
def start():
    """``start(*arguments)`` → a Python process, which does not outlive the test."""
    with ExitStack() as processes:

        def make(*arguments):
            streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            process = subprocess.Popen([sys.executable, *map(str, arguments)], text=True, **streams)
            processes.enter_context(process)
            processes.callback(process.kill)
            return process

        yield make


def interrupted(process):
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    return process.returncode, out.splitlines(), err


def falling(name, points=60, state="running", lost=0):
    """A run whose loss falls, and of which the last ``lost`` points are NaN."""
    steps = np.arange(1, points + 1)
    values = 3 * np.exp(-steps / 20) + 0.01 * np.sin(7.0 * steps)
    values[points - lost :] = np.nan
    return Run(name, {"train/loss": Curve("train/loss", steps, values, time.time() + 0.01 * steps)}, state=state)


def left(folder):
    return json.loads((folder / schema.VERDICT_FILE).read_text())


@pytest.mark.slow
def test_an_absurd_rate_is_stopped_within_seconds_and_a_healthy_run_never(tmp_path, start):
    watcher = start("-m", "curvewise", "watch", tmp_path, "--every", "0.2")
    assert "0 running, 0 ended" in watcher.stdout.readline()
    good, absurd = (
        start("-c", TRAINING, tmp_path / name, *settings)
        for name, *settings in (("good", 0.01, 600), ("absurd", 10, 100_000))
    )
    stopped, *findings = absurd.communicate(timeout=60)[0].split()
    assert int(stopped) < 5_000 and findings[0] == "diverged"
    done, *found = good.communicate(timeout=60)[0].split()
    assert int(done) == 600 and found and "diverged" not in found
    code, lines, err = interrupted(watcher)
    assert (code, err) == (0, "")
    about = left(tmp_path / "absurd")
    assert about["verdict"] == "diverged" and about["run"] == "absurd" and about["attempt"] == 1
    assert about["step"] >= about["findings"][0]["evidence"][0]["first_step"]
    told = [line for line in lines if "  absurd  " in line and "Diverged" in line]
    assert told and "learning rate" in told[0] and "since step" in told[0]
    files = {path.name for path in tmp_path.rglob("*") if path.is_file() and path.parent.parent == tmp_path}
    assert files == {schema.RUN_FILE, schema.VERDICT_FILE}  # nothing else was left in the two folders


@pytest.mark.slow
def test_watching_one_run_ends_when_its_process_is_killed(tmp_path, start):
    process = start("-c", TRAINING, tmp_path / "run", 0.01, 100_000)
    while not (tmp_path / "run" / schema.RUN_FILE).exists():
        time.sleep(0.05)
    watcher = start("-m", "curvewise", "watch", tmp_path / "run", "--every", "0.2")
    assert watcher.stdout.readline().count("  run  step ") == 1
    process.kill()
    out, err = watcher.communicate(timeout=30)
    assert (watcher.returncode, err) == (0, "") and claims.GONE in out


def test_a_line_for_each_change_and_none_without(tmp_path, capsys):
    folder = keep(falling("run"), tmp_path)
    said = Watching(folder)
    assert said.lines(capsys) == 1
    said.change(falling("run", 61))
    assert said.lines(capsys) == 0
    said.change(falling("run", 80, lost=40))
    assert said.lines(capsys) == 1
    assert said.lines(capsys) == 0


class Watching:
    """``watch`` a folder of runs, one look at a time."""

    def __init__(self, folder):
        from curvewise.commands.watch import Teller, screen

        self.folder, self.watched, self.teller = folder, Watched(folder), Teller(screen())

    def change(self, run):
        """The log goes on as ``run``."""
        for file in (self.folder / schema.SCALARS).iterdir():
            file.unlink()
        part = next((keep(run, self.folder.parent / f".{len(run['train/loss'])}") / schema.SCALARS).iterdir())
        part.replace(self.folder / schema.SCALARS / part.name)

    def lines(self, capsys):
        capsys.readouterr()
        self.watched._due = 0.0
        self.watched.look(0.01)
        self.teller.tell("run", self.watched)
        return len(capsys.readouterr().out.splitlines())


@pytest.fixture
def counted(monkeypatch):
    """The runs that were read."""
    reads, read = [], watched.read
    monkeypatch.setattr(watched, "read", lambda path: reads.append(path.name) or read(path))
    return reads


def test_only_what_has_changed_is_read_again(tmp_path, counted):
    one = Watched(keep(falling("run"), tmp_path))
    for _ in range(5):
        one._due = 0.0
        one.look(0.0)
    assert counted == [
        "run",
        "run",
    ]  # the second look goes by its files, as it goes on; its own verdict is none of them
    os.utime(next((tmp_path / "run" / schema.SCALARS).iterdir()), ns=(1, 1))
    one._due = 0.0
    assert one.look(0.0)


def test_a_run_that_takes_long_is_judged_rarely(tmp_path, counted, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(watched.time, "monotonic", lambda: now.append(now[-1] + 0.5) or now[-1])  # each step takes that
    one = Watched(keep(falling("run"), tmp_path))
    one.look(1.0)
    one.look(1.0, among=3)
    assert counted == ["run"] and one._due - now[1] == pytest.approx(0.5 / watched.SHARE)


def test_runs_that_have_ended_are_left_alone(tmp_path, capsys, counted, monkeypatch):
    folder = keep(falling("old", state="finished"), tmp_path)
    monkeypatch.setattr("curvewise.commands.watch.time.sleep", sleeps := Sleeps(3))
    assert main(["watch", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"watching {tmp_path}: 0 running, 1 ended"]
    assert counted == [] and not (folder / schema.VERDICT_FILE).exists() and sleeps.left < 0


class Sleeps:
    """``time.sleep`` that ends the watch by Ctrl-C."""

    def __init__(self, times):
        self.left = times

    def __call__(self, seconds):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


def test_a_finished_run_is_told_in_full_and_nothing_left_in_it(tmp_path, capsys):
    folder = keep(falling("run", state="finished", lost=20), tmp_path)
    assert main(["watch", str(folder)]) == 0
    assert "Diverged" in capsys.readouterr().out
    assert not (folder / schema.VERDICT_FILE).exists()


def test_a_folder_that_refuses_the_verdict_is_one_line(tmp_path, capsys, monkeypatch):
    folder = keep(falling("run"), tmp_path)
    (folder / schema.VERDICT_FILE).mkdir()  # stands for a read-only folder, in which root could write
    monkeypatch.setattr("curvewise.commands.watch.time.sleep", Sleeps(3))
    assert main(["watch", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert str(folder) in captured.err and "Is a directory" in captured.err
    assert "  run  step 60" in captured.out
    assert [path.name for path in folder.iterdir() if OURS.match(path.name)] == [schema.VERDICT_FILE]


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_that_is_none_is_refused(seconds, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["watch", str(tmp_path), "--every", seconds])
    assert "--every" in capsys.readouterr().err


def test_killed_in_the_middle_of_writing_leaves_the_old_verdict_or_the_new(tmp_path):
    folder = keep(falling("run"), tmp_path)
    code = (
        "import sys; from pathlib import Path; from collector import verdict; n = 0\n"
        "while True: n += 1; verdict.leave(Path(sys.argv[1]), {'findings': [], 'pad': ['x'] * 20_000}, step=n, started_at=None)"
    )
    seen = set()
    for wait in np.linspace(0.01, 0.1, 10):
        process = subprocess.Popen([sys.executable, "-c", code, str(folder)])
        while not (folder / schema.VERDICT_FILE).exists():
            time.sleep(0.001)
        time.sleep(wait)
        process.kill()
        process.wait()
        seen.add(verdict.read(folder).step)
        assert run_file.read(folder)["name"] == "run"
        (folder / schema.VERDICT_FILE).unlink()
    assert len(seen) > 1


def test_a_run_that_is_resumed_is_judged_again(tmp_path, counted, monkeypatch):
    folder = keep(falling("run", state="finished"), tmp_path)
    one = Watched(folder)
    one.set_aside()
    assert not one.look(0.0)
    claims.make(folder, 2)  # as a resume begins
    assert one.look(0.0) and counted == ["run"]


def test_a_run_that_goes_away_is_forgotten(tmp_path, capsys, monkeypatch):
    folder = keep(falling("run"), tmp_path / "runs")

    class Takes(Sleeps):
        def __call__(self, seconds):
            folder.rename(tmp_path / "elsewhere") if folder.exists() else None
            super().__call__(seconds)

    monkeypatch.setattr("curvewise.commands.watch.time.sleep", Takes(3))
    assert main(["watch", str(tmp_path / "runs")]) == 0
    assert capsys.readouterr().err == ""


def test_names_steer_no_terminal(tmp_path, capsys):
    folder = keep(falling("run"), tmp_path)
    about = json.loads((folder / schema.RUN_FILE).read_text())
    bad = folder.rename(tmp_path / "[red]\x1b[31m")
    (bad / schema.RUN_FILE).write_text(json.dumps(about | {"state": "running"}))
    said = Watching(bad)
    said.watched.look(0.0)
    said.teller.tell(bad.name, said.watched)
    out = capsys.readouterr().out
    assert "[red]" in out and "\x1b" not in out
