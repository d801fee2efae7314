"""Runs a script as ``python -m collector`` would, in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from diagnostics.readers.run_folder import read

SCRIPTS = Path(__file__).parent / "scripts"


@dataclass
class Attached:
    """A script that has run.

    Attributes:
        process: its exit code and what it printed.
        expected: what it computed itself, from the file it wrote.
        folder: of runs.
    """

    process: Any
    expected: dict[str, Any]
    folder: Path

    def run(self, name: str = "run") -> Any:
        (run,) = read(self.folder / name)
        return run

    def about(self, name: str = "run") -> dict[str, Any]:
        return json.loads((self.folder / name / "run.json").read_text())


@pytest.fixture
def attach(tmp_path):
    def attach(
        script: str, *arguments: str, expect: int | None = 0, before: tuple[str, ...] = ("-m", "collector")
    ) -> Attached:
        out = tmp_path / "expected.json"
        words = [str(out) if word == "OUT" else word for word in arguments]
        command = [
            sys.executable,
            *before,
            "--runs",
            str(tmp_path / "runs"),
            "--name",
            "run",
            str(SCRIPTS / script),
            *words,
        ]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
        process = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert expect is None or process.returncode == expect, process.stderr
        return Attached(process, json.loads(out.read_text()) if out.exists() else {}, tmp_path / "runs")

    return attach


@pytest.fixture
def scripts() -> Path:
    return SCRIPTS
