"""The command: exit codes, JSON, one-line errors, and that what it prints carries the numbers."""

import gc
import io
import json
import os
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from curvewise.cli import NEEDED, main
from curvewise.terminal import counted, sparkline
from diagnostics import Curve, Run, diagnose, rules, synthetic
from diagnostics.keep import file_name, keep
from diagnostics.readers import read

SAMPLES = Path(__file__).parents[2] / "sample_runs"
SICK = str(SAMPLES / "digits-overfitting")


def test_prints_verdict_evidence_and_remedies(capsys):
    assert main(["diagnose", SICK]) == 0
    out = capsys.readouterr().out
    for words in ("digits-overfitting", "Overfitting", "val/loss", "1.", "because", "clear:"):
        assert words in out


def test_json_has_one_report_a_run_and_no_errors(capsys):
    assert main(["diagnose", str(SAMPLES), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    verdicts = json.loads((SAMPLES / "verdicts.json").read_text())
    assert {r["run"]: r["verdict"] for r in told["reports"]} == verdicts
    assert told["errors"] == []


@pytest.mark.parametrize("options", [["--json"], []])
def test_of_more_runs_than_memory_holds_only_the_reports_are_kept(options, capsys, monkeypatch):
    seen: list[weakref.ref[Run]] = []

    def judged(run):
        gc.collect()
        assert [one for one in seen[:-1] if one()] == []  # the loop itself holds the last until it has the next
        seen.append(weakref.ref(run))
        return diagnose(run)

    monkeypatch.setattr("curvewise.commands.diagnose.diagnose", judged)
    few = [str(SAMPLES / name) for name in ("digits-healthy", "digits-overfitting", "digits-lr-too-high")]
    assert main(["diagnose", *few, *options]) == 0
    assert capsys.readouterr().out and len(seen) == 3


def test_runs_of_one_name_are_told_apart_by_where_they_lie(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)  # nothing is folded then
    for team in ("ads", "lm"):
        shutil.copytree(SICK, tmp_path / team / "run-1")
    assert main(["diagnose", str(tmp_path), str(SAMPLES / "digits-healthy")]) == 0
    out = capsys.readouterr().out
    assert all(f"digits-overfitting ({tmp_path / team / 'run-1'})" in out for team in ("ads", "lm"))
    assert "digits-healthy  Healthy\n" in out


@pytest.mark.parametrize("least, code", [("info", 1), ("warning", 1), ("error", 0)])
def test_fail_on(least, code, capsys):
    assert main(["diagnose", SICK, "--fail-on", least]) == code


def test_a_healthy_run_fails_at_no_severity(capsys):
    assert main(["diagnose", str(SAMPLES / "digits-healthy"), "--fail-on", "info"]) == 0


def test_an_unreadable_input_is_one_line_and_the_others_are_still_reported(tmp_path, capsys):
    assert main(["diagnose", str(tmp_path / "nowhere"), SICK, "--json"]) == 2
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert len(told["reports"]) == 1
    assert told["errors"][0]["source"].endswith("nowhere")
    assert captured.err.count("\n") == 1
    assert "nowhere" in captured.err


def test_rules_are_listed_and_explained(capsys):
    assert main(["rules"]) == 0
    listed = capsys.readouterr().out
    assert all(rule.slug in listed for rule in rules.all_rules())
    assert main(["rules", "overfitting"]) == 0
    assert "Criterion" in capsys.readouterr().out
    assert main(["rules", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_watch_ends_with_the_run(capsys):
    assert main(["watch", SICK]) == 0
    assert "Overfitting" in capsys.readouterr().out


def test_watch_of_nothing_is_one_line(tmp_path, capsys):
    assert main(["watch", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_import_keeps_a_run_and_refuses_to_overwrite(tmp_path, capsys):
    assert main(["import", SICK, "--to", str(tmp_path)]) == 0
    assert "train/loss (1,500 points)" in capsys.readouterr().out
    assert main(["import", SICK, "--to", str(tmp_path)]) == 2
    assert "already" in capsys.readouterr().err


def test_kept_runs_keep_nan_inf_gaps_and_equal_steps(tmp_path):
    curves = {
        "train/loss": Curve("train/loss", np.array([0, 1, 1, 5]), np.array([1, np.nan, np.inf, 0.5]), np.arange(4.0)),
        "val/loss": Curve("val/loss", np.array([1, 7]), np.array([2, -np.inf])),
    }
    (again,) = read(keep(Run("a/b: <x>", curves, config={"lr": 0.1}, classes=3), tmp_path))
    assert again.name == "a/b: <x>"
    assert (again.config, again.classes) == ({"lr": 0.1}, 3)
    for tag, curve in curves.items():
        assert again[tag].steps.tolist() == curve.steps.tolist()
        assert np.array_equal(again[tag].values, curve.values, equal_nan=True)


def test_a_kept_run_appears_all_at_once_or_not_at_all(tmp_path, monkeypatch):
    run = Run("one", {"train/loss": Curve("train/loss", np.arange(5), np.ones(5))})
    write = pq.write_table

    def failing(*args, **more):
        write(*args, **more)
        assert not list(tmp_path.glob("[!.]*")), "a watcher would read half a run"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", failing)
    with pytest.raises(OSError, match="No space"):
        keep(run, tmp_path)
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    assert keep(run, tmp_path) == tmp_path / "one"
    assert list(tmp_path.iterdir()) == [tmp_path / "one"]


def test_names_cannot_leave_the_folder():
    assert file_name("../../etc/passwd") == "etc-passwd"
    assert file_name("..") == "run"


def test_names_inject_no_markup(tmp_path, capsys):
    keep(Run("[red]x[/red]", {"train/loss": Curve("train/loss", np.arange(5), np.ones(5))}), tmp_path)
    assert main(["diagnose", str(tmp_path)]) == 0
    assert "[red]x[/red]" in capsys.readouterr().out


def test_sparkline_marks_what_is_not_finite():
    assert sparkline(np.array([2.0, 1.0, np.nan])) == "█▁×"
    assert sparkline(np.array([np.nan])) == "×"
    assert sparkline(np.array([3.0, 3.0])) == "▁▁"


def piped(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``curvewise`` with ``command`` in a shell; its own exit code is the last line of standard output."""
    line = f"{sys.executable} -m curvewise {command}; echo ${{PIPESTATUS[0]}}"
    given = {**os.environ, **environment}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=given, check=False)


@pytest.mark.parametrize("json", ["", "--json"])
@pytest.mark.parametrize("least, code", [("warning", "1"), ("error", "0")])
def test_a_closed_pipe_is_silent_and_changes_no_exit_code(least, code, json):
    paths = " ".join([SICK] * 40)  # more than a pipe holds
    done = piped(f"diagnose {paths} {json} --fail-on {least} | head -1")
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == code


def test_a_closed_pipe_stops_no_import(tmp_path):
    done = piped(f"import {SAMPLES} --to {tmp_path}/kept | true")
    assert (done.stderr, done.stdout.strip()) == ("", "0")
    assert len(list((tmp_path / "kept").iterdir())) == len(json.loads((SAMPLES / "verdicts.json").read_text()))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", [f"diagnose {SICK}", f"diagnose {SICK} --json", "rules", f"watch {SICK}"])
def test_output_that_cannot_be_written_is_one_line(command):
    done = piped(f"{command} > /dev/full")
    assert done.stdout.strip() == "2"
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_an_encoding_without_our_characters_is_no_failure():
    done = piped(f"diagnose {SICK}", PYTHONIOENCODING="ascii")
    assert (done.stderr, done.stdout.splitlines()[-1]) == ("", "0")
    assert "Overfitting" in done.stdout


def test_in_a_pipe_nothing_is_folded(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)  # which readline sets in the process that loads it
    name = "a-run-whose-name-" + "is-long-" * 20
    keep(Run(name, {"train/loss": Curve("train/loss", np.arange(5), np.ones(5))}), tmp_path)
    assert main(["diagnose", str(tmp_path)]) == 0
    assert name[:200] in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("curvewise ")


def test_errors_need_no_streamlit():
    code = "import sys; from curvewise.cli import NEEDED, main; main(['rules']); print('streamlit' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"


@pytest.mark.parametrize("missing", NEEDED)
def test_beside_a_training_with_the_collector_alone_the_command_says_what_it_needs(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; from curvewise.cli import main; sys.exit(main(['rules']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert missing in done.stderr and "curvewise[app]" in done.stderr


def test_a_terminal_is_told_how_many_runs_there_were_so_far(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    runs = [synthetic.healthy(), synthetic.healthy(1)]
    told = Terminal()
    monkeypatch.setattr(sys, "stderr", told)
    assert [*counted(iter(runs))] == runs and "2 runs judged" in told.getvalue()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert [*counted(iter(runs))] == runs and not sys.stderr.getvalue()
