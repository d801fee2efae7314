"""Every measurement runs in a process of its own: no tool's threads or imports disturb another's numbers."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "HF_HUB_OFFLINE": "1",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
}


def command(job: str, result: Path, given: dict[str, Any]) -> list[str]:
    """The command line of a child that does ``job`` (a module beside this one) and leaves its answer in ``result``."""
    return [sys.executable, "-m", __name__, job, str(result), json.dumps(given)]


def environment(folder: Path) -> dict[str, str]:
    """The environment of a child that records into ``folder``: one thread, no network."""
    return os.environ | ENVIRONMENT | {"TRACKIO_DIR": str(folder)}


def run(job: str, folder: Path, **given: Any) -> Any:
    """Do ``job`` in a new process that records into ``folder``; what its ``job(folder, ...)`` returned.

    Raises:
        RuntimeError: the child failed; the text is the end of what it said.
    """
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "result.json"
        line = command(job, result, {"folder": str(folder), **given})
        done = subprocess.run(line, cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=False)
        if done.returncode or not result.exists():
            raise RuntimeError(f"{job} {given} failed:\n{done.stdout[-500:]}\n{done.stderr[-2000:]}")
        return json.loads(result.read_text())


def main() -> None:
    """The child's side."""
    job, result, given = sys.argv[1:]
    wanted = json.loads(given)
    folder = Path(wanted.pop("folder"))
    answer = importlib.import_module(f"benchmarks.collector_cost.{job}").job(folder, **wanted)
    Path(result).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
