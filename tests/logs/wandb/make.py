"""Runs that W&B records offline: finished, failed, killed, and resumed in two folders under one id."""

import json
import math
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import wandb

PACKAGES = ["wandb==0.31.0", "numpy==2.4.6"]

HERE = Path(__file__).parent
LOG, TRUTH = HERE / "log", HERE / "truth.json"
SPLIT = "\x1f"


def main() -> None:
    """Each run in a process of its own, as W&B ends with its process; the last is killed."""
    truth: dict[str, dict[str, list[list[float]]]] = {}
    for run in ("plain", "failed", "resumed", "resumed-again", "killed"):
        told = subprocess.run([sys.executable, __file__, run], cwd=LOG, check=run != "killed", stdout=subprocess.PIPE)
        for name, points in json.loads(told.stdout.decode().split(SPLIT)[1]).items():
            truth.setdefault(run.removesuffix("-again"), {}).setdefault(name, []).extend(points)
    TRUTH.write_text(json.dumps(truth) + "\n")
    for waste in [*LOG.rglob("*.log"), *LOG.rglob("requirements.txt"), *LOG.rglob("latest-run")]:
        waste.unlink()
    for waste in [p for p in LOG.glob("wandb/*/*") if p.is_dir()]:
        shutil.rmtree(waste)


def record(name: str) -> None:
    """One run, and what it logged, on standard output."""
    os.environ |= {"WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}
    quiet = wandb.Settings(
        x_disable_meta=True, disable_git=True, disable_code=True, host="host", console="off", x_save_requirements=False
    )
    config = {
        "lr": 0.1,
        "optimizer": {"name": "adam", "betas": [0.9, 0.999]},
        "text": "long " * 7_000 * (name == "plain"),
    }
    run_id = name.removesuffix("-again")
    run = wandb.init(mode="offline", project="fixtures", name=run_id, id=run_id, config=config, settings=quiet, dir=".")
    truth: dict[str, list[list[float]]] = {}

    def log(values: dict[str, object], step: int, **names: float) -> None:
        run.log(values, step=step)
        for key, value in {**values, **names}.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                truth.setdefault(key, []).append([step, value])

    if name == "plain":
        plain(run, log)
    else:
        steps(log, {"resumed-again": range(16, 30), "killed": range(250)}.get(name, range(20)))
    run.config.update({"late": 5})
    sys.stdout.write(SPLIT + json.dumps(truth) + SPLIT)
    sys.stdout.flush()
    if name == "killed":
        time.sleep(2)  # s; W&B's own process writes whole blocks of 32 KiB, the rest is lost
        os.abort()
    run.finish(exit_code=1 if name == "failed" else 0)


def plain(run, log) -> None:
    """Losses that become NaN and Inf, nested names, validation now and then, and what is no curve."""
    run.define_metric("val/loss", step_metric="epoch")
    for step in range(160):
        loss = math.nan if step == 120 else math.inf if step == 121 else -math.inf if step == 122 else 2 / (1 + step)
        values: dict[str, object] = {
            "train/loss": loss,
            "layers": {"0": {"norm": step / 3}},
            "a.b": 1e20,
            "epoch": step / 100,
        }
        if step % 50 == 0:
            values["weights"] = wandb.Histogram(list(range(step + 2)))
            values |= {"remark": "a text", "flag": True, "list": [1, 2]}
        log(values, step, **{"layers.0.norm": step / 3})
        if step % 50 == 49:
            log({"val/loss": 1 / step, "val/acc": step / 2}, step)


def steps(log, of: range) -> None:
    """A loss; the second attempt begins before the first had ended."""
    for step in of:
        log({"loss": step + of.start / 100}, step)


if __name__ == "__main__":
    record(sys.argv[1]) if sys.argv[1:] else main()
