"""Runs in SwanLab's local mode, the last version that had it: one that finished, and one that failed. No path is in them."""

import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ["swanlab[dashboard]==0.6.13", "peewee==3.17.9"]

HERE = Path(__file__).parent
LOG, TRUTH = HERE / "log", HERE / "truth.json"
KEPT = ("files/config.yaml", "logs/*/*.log")  # of a run's folder


def main() -> None:
    """Each run in a process of its own; kept are the database, the points and the settings."""
    home = Path(tempfile.mkdtemp())
    for name in ("plain", "failed"):
        env = {**os.environ, "HOME": str(home)}
        subprocess.run([sys.executable, __file__, name], cwd=home, env=env, check=name == "plain")
    store = home / "swanlog"
    LOG.mkdir(exist_ok=True)
    shutil.copy(store / "runs.swanlab", LOG)
    for suffix in ("-wal", "-shm"):
        assert not (store / f"runs.swanlab{suffix}").exists() or not (store / f"runs.swanlab{suffix}").stat().st_size
    with sqlite3.connect(LOG / "runs.swanlab") as base:
        own = {folder for (folder,) in base.execute("SELECT folder FROM tag WHERE system = 0")}
    kept = [f for pattern in KEPT for f in store.glob(f"run-*/{pattern}")]
    for file in [f for f in kept if f.suffix == ".yaml" or f.parent.name in own]:  # not of the machine
        copy = LOG / file.relative_to(store)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    TRUTH.write_text(json.dumps({name: logged(name) for name in ("plain", "failed")}) + "\n")


def logged(name: str) -> dict[str, list[list[float]]]:
    """The points of a run, by name: step and value."""
    steps = range(1_005 if name == "plain" else 5)
    return {
        "train/loss": [[s, round(math.exp(-s / 100), 3)] for s in steps],
        "val/acc": [[s, 50 + s / 100] for s in steps if s % 100 == 0],
    }


def run(name: str) -> None:
    """Logs one run, in this process."""
    import swanlab

    swanlab.init(project="past", experiment_name=name, mode="local", config={"lr": 0.1, "net": "mlp"})
    points = logged(name)
    for step, _ in points["train/loss"]:
        swanlab.log({tag: values[1] for tag, rows in points.items() for values in rows if values[0] == step}, step=step)
    if name == "failed":
        raise RuntimeError("out of luck")
    swanlab.finish()


if __name__ == "__main__":
    run(sys.argv[1]) if sys.argv[1:] else main()
