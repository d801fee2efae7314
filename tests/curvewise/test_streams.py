"""A log that is piped in is read as one that lies in a file."""

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from curvewise import streams
from curvewise.cli import main
from diagnostics.readers import Limits

ROWS = [(step, 2 / (1 + step)) for step in range(40)]
TEXTS = {
    "printed": "".join(f"step {step} | loss {loss:.5f}\n" for step, loss in ROWS),
    "CSV": "step,train_loss\n" + "".join(f"{step},{loss}\n" for step, loss in ROWS),
    "JSON": json.dumps([{"step": step, "train_loss": loss} for step, loss in ROWS]),
    "JSON lines": "".join(json.dumps({"step": step, "train_loss": loss}) + "\n" for step, loss in ROWS),
}


def _pipe(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize("kind", TEXTS)
def test_what_is_piped_in_is_read(kind: str, capsys, monkeypatch) -> None:
    _pipe(monkeypatch, TEXTS[kind].encode())
    assert main(["diagnose", "-", "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert report["source"] == "-" and report["run"] == "stdin"


def test_it_can_be_kept(tmp_path: Path, capsys, monkeypatch) -> None:
    _pipe(monkeypatch, TEXTS["CSV"].encode())
    assert main(["import", "-", "--to", str(tmp_path)]) == 0
    assert "train/loss (40 points)" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_a_pipe_with_a_name_is_read(tmp_path: Path, capsys) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(TEXTS["printed"],))
    writer.start()
    assert main(["diagnose", str(tmp_path / "pipe"), "--json"]) == 0
    writer.join()
    assert json.loads(capsys.readouterr().out)["reports"][0]["source"] == str(tmp_path / "pipe")


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="the system has no such file")
def test_the_systems_name_for_it_is_read_as_well() -> None:
    line = [sys.executable, "-m", "curvewise", "diagnose", "/dev/stdin", "--json"]
    done = subprocess.run(line, input=TEXTS["printed"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and json.loads(done.stdout)["reports"][0]["source"] == "/dev/stdin", done.stderr


@pytest.mark.parametrize(("content", "told"), [(b"", "0 lines"), (b"\0\1\2" * 99, "binary")])
def test_what_is_none_is_said_in_one_line(content: bytes, told: str, capsys, monkeypatch) -> None:
    _pipe(monkeypatch, content)
    assert main(["diagnose", "-"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("curvewise: -: ") and told in line


def test_a_stream_without_an_end_is_not_kept_for_ever(capsys, monkeypatch) -> None:
    monkeypatch.setattr(streams, "Limits", lambda: Limits(most_bytes=100))
    _pipe(monkeypatch, TEXTS["CSV"].encode())
    assert main(["diagnose", "-"]) == 2 and "more than 100 bytes came" in capsys.readouterr().err
