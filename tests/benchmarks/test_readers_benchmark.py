"""The benchmark of reading runs and says what it must say."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_smoke_run_prints_and_writes_every_part(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.readers", "--quick", "--write", str(tmp_path / "reading.md")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # whether promises are met is no matter of a test
    assert (tmp_path / "reading.md").exists(), done.stderr
    assert (tmp_path / "reading.md").read_text() == done.stdout
    for part in (
        "Beside the others",
        "CSV, 10,000 rows",
        "to a verdict",
        "run.wandb",
        "100 run folders of our own",
        "Promises",
    ):
        assert part in done.stdout
