"""Detectron2's metrics.json, against what was put."""

from pathlib import Path

import numpy as np

from diagnostics.readers import detectron2, logs, read
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

FILE = log("detectron2") / "output" / "metrics.json"


def test_every_scalar_at_its_iteration() -> None:
    (found,) = logs(FILE)
    run = agree(found, truth("detectron2")["output"])
    assert run.name == "output" and {"train/loss", "optim/lr", "loss_cls", "bbox/AP"} <= run.curves.keys()
    assert run["bbox/AP"].steps.tolist() == [129, 259, 389] and np.isnan(run["train/loss"].values[-1])


def test_a_resume_overwrites(tmp_path: Path) -> None:
    lines = FILE.read_text().splitlines(keepends=True)
    (tmp_path / "metrics.json").write_text("".join(lines[:18] + lines[14:]))
    (run,) = read(tmp_path / "metrics.json")
    assert len(run["train/loss"]) == len(truth("detectron2")["output"]["total_loss"]) and run.resumed_at


def test_others_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"iteration": 3}\n')
    assert not detectron2.claims(tmp_path / "metrics.json")


def test_damage_does_no_harm(tmp_path: Path) -> None:
    assert harmless(FILE, tmp_path) > 90
