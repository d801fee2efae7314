"""The same runs in both of MLflow's own stores: files (``mlruns``) and SQLite (``mlflow.db``).

Afterwards only what names this machine is taken out, and the database is packed: its many empty tables fill whole pages.
"""

import json
import math
import os
import shutil
import sqlite3
from pathlib import Path

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

import mlflow
from mlflow import MlflowClient

PACKAGES = ["mlflow-skinny==3.17.2", "sqlalchemy==2.1.9", "alembic==1.20.1"]

HERE = Path(__file__).parent
LOG, TRUTH = HERE / "log", HERE / "truth.json"
DATABASE = LOG / "mlflow.db"

Points = dict[str, list[list[float]]]


def main() -> None:
    """Write both stores, and what was logged to each."""
    truth: dict[str, Points] = {}
    for store in (f"file:{LOG / 'mlruns'}", f"sqlite:///{DATABASE}"):
        mlflow.set_tracking_uri(store)
        client = MlflowClient()
        one, two = client.create_experiment("digits", "artifacts"), client.create_experiment("closed", "artifacts")
        truth["plain"] = plain(client, one)
        for name, status in (("failed", "FAILED"), ("killed", "KILLED"), ("running", "RUNNING"), ("gone", "FINISHED")):
            truth[name] = short(client, one, name, status)
        truth["closed"] = short(client, two, "closed", "FINISHED")
        client.create_run(one, run_name="empty")
        client.delete_experiment(two)
    TRUTH.write_text(json.dumps(truth) + "\n")
    clean()


def plain(client: MlflowClient, experiment: str) -> Points:
    """Losses that become NaN and Inf, names with a slash, validation every tenth step, and a resume from step 80."""
    run = client.create_run(experiment, run_name="plain").info.run_id
    for name, value in {"lr": 0.01, "epochs": 2, "amp": True, "model": "mlp", "seed": None, "opt/name": "adam"}.items():
        client.log_param(run, name, value)
    truth: Points = {}
    for row, step in enumerate([*range(100), *range(80, 120)]):
        strange = {30: math.nan, 31: math.inf, 32: -math.inf}
        values = {"train/loss": strange.get(row, 2 / (1 + row)), "learning rate": 1e-3 * 0.9**row}
        if step % 10 == 9:
            values |= {"val/loss": 1 + row / 7, "val/acc": row / 140}
        for name, value in values.items():
            client.log_metric(run, name, value, timestamp=1_700_000_000_000 + 250 * row, step=step)
            truth.setdefault(name, []).append([step, value])
    client.set_terminated(run, "FINISHED")
    return truth


def short(client: MlflowClient, experiment: str, name: str, status: str) -> Points:
    """Five points of a run that ends as ``status``; ``gone`` is deleted."""
    run = client.create_run(experiment, run_name=name).info.run_id
    for step in range(5):
        client.log_metric(run, "loss", step / 3, timestamp=1_700_000_000_000 + step, step=step)
    if status != "RUNNING":
        client.set_terminated(run, status)
    if name == "gone":
        client.delete_run(run)
    return {"loss": [[step, step / 3] for step in range(5)]}


def clean() -> None:
    """Take out where this was written, and pack the database."""
    for path in (p for p in LOG.rglob("*") if p.name in ("meta.yaml", "mlflow.source.name")):
        path.write_text(path.read_text().replace(str(HERE), ""))
    for folder in sorted((p for p in LOG.rglob("*") if p.is_dir() and not any(p.iterdir())), reverse=True):
        shutil.rmtree(folder)
    base = sqlite3.connect(DATABASE, isolation_level=None)
    base.execute("UPDATE experiments SET artifact_location = replace(artifact_location, ?, '')", (str(HERE),))
    base.execute("UPDATE runs SET artifact_uri = replace(artifact_uri, ?, '')", (str(HERE),))
    base.execute("UPDATE tags SET value = replace(value, ?, '')", (str(HERE),))
    base.execute("PRAGMA page_size = 512")
    base.execute("VACUUM")
    base.close()


if __name__ == "__main__":
    main()
