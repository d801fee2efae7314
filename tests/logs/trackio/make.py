"""A project of Trackio with a run that was resumed; afterwards only packed, as its many empty tables fill whole pages."""

import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

PACKAGES = ["trackio==0.43.0"]

HERE = Path(__file__).parent
LOG, TRUTH = HERE / "log", HERE / "truth.json"
STORE = HERE / "store"

Points = dict[str, list[list[float]]]


def main() -> None:
    """Record in a process of its own, as Trackio asks for its folder when it is imported."""
    subprocess.run([sys.executable, __file__, "record"], check=True, env={**os.environ, "TRACKIO_DIR": str(STORE)})
    base = sqlite3.connect(STORE / "digits.db")
    for pragma in ("journal_mode = DELETE", "page_size = 512"):
        base.execute(f"PRAGMA {pragma}")
    base.execute("VACUUM")
    base.execute("PRAGMA journal_mode = WAL")
    base.close()
    shutil.copy(STORE / "digits.db", LOG)
    shutil.rmtree(STORE)
    TRUTH.write_text(json.dumps({"plain": plain(None), "again": again(None)}) + "\n")


def record() -> None:
    """The runs of the project."""
    import trackio

    def run(name: str, logged, resume: str = "never") -> None:
        config = {"lr": 0.1, "optimizer": {"name": "adam"}}
        trackio.init(project="digits", name=name, config=config, resume=resume, embed=False, auto_log_gpu=False)
        logged(trackio)
        trackio.log_system({"gpu": {"memory": 0.5}, "temperature": 61})
        trackio.finish()

    run("plain", plain)
    run("again", lambda t: again(t, range(20)))
    run("again", lambda t: again(t, range(15, 30)), resume="must")


def plain(trackio) -> Points:
    """Losses that become NaN and Inf, nested names, and what is no curve."""
    truth: Points = {}
    for step in range(60):
        loss = {30: math.nan, 31: math.inf, 32: -math.inf}.get(step, 2 / (1 + step))
        log(trackio, truth, step, {"train/loss": loss, "val": {"acc": step / 60}, "remark": "a text", "flag": True})
    return truth


def again(trackio, steps=None) -> Points:
    """A run that was resumed before its last steps."""
    truth: Points = {}
    for step in steps or [*range(20), *range(15, 30)]:
        log(trackio, truth, step, {"loss": step / 3})
    return truth


def log(trackio, truth: Points, step: int, values: dict) -> None:
    """Log ``values``, where there is somebody to log to, and write down which of them are numbers."""
    if trackio:
        trackio.log(values, step=step)
    flat = {f"{a}/{b}": v for a, inner in values.items() if isinstance(inner, dict) for b, v in inner.items()}
    for name, value in {**values, **flat}.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            truth.setdefault(name, []).append([step, value])


if __name__ == "__main__":
    record() if sys.argv[1:] else main()
