# ruff: noqa: E402
"""MMCV 1's ``EpochBasedRunner`` and ``IterBasedRunner`` with ``TextLoggerHook``: ``<name>.log.json``, evaluations between."""

import json
import logging
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

PACKAGES = ["torch==2.13.0", "opencv-python-headless==5.0.0.93", "setuptools==80.9.0", "wheel==0.45.1", "addict==2.4.0",
            "yapf==0.43.0", "pyyaml==6.0.3", "packaging==25.0", "pillow==12.0.0", "psutil==7.1.0"]  # fmt: skip
OLD = "mmcv==1.7.2"  # its build needs an old setuptools, which pip would not give it by itself
subprocess.run(
    [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", OLD],
    env=os.environ | {"MMCV_WITH_OPS": "0"}, check=True,
)  # fmt: skip
sys.modules["torchvision"] = types.ModuleType("torchvision")  # only its model zoo is asked for, and only by name

import torch
from mmcv.runner import EpochBasedRunner, EvalHook, IterBasedRunner
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))

    def forward(self, x):
        return self.body(x)

    def train_step(self, batch, optimizer, **kwargs):
        loss = nn.functional.cross_entropy(self(batch[0]), batch[1])
        return {"loss": loss, "log_vars": {"loss": loss.item()}, "num_samples": len(batch[1])}


class Data(TensorDataset):
    def evaluate(self, results, logger=None, **kwargs):
        _, y = self.tensors
        return {"accuracy_top-1": 100 * float((torch.cat(results).argmax(-1) == y).float().mean())}


def data(seed: int, count: int) -> DataLoader:
    made = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 8, generator=made)
    return DataLoader(Data(x, (x[:, :3] * 2).argmax(-1)), batch_size=8)


def evaluated(model, loader):
    with torch.no_grad():
        return [model(x) for x, _ in loader]


def train(kind: type, name: str, most: dict[str, int], every: int) -> None:
    torch.manual_seed(0)
    model = Small()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    logger = logging.getLogger(name)
    runner = kind(
        model, optimizer=optimizer, work_dir="work", logger=logger, meta={"exp_name": name, "seed": 0}, **most
    )
    runner.timestamp = name
    by_epoch = kind is EpochBasedRunner
    runner.register_training_hooks(
        {"policy": "step", "step": [2 if by_epoch else 20], "by_epoch": by_epoch}, {"grad_clip": None},
        log_config={"interval": 2, "hooks": [{"type": "TextLoggerHook", "by_epoch": by_epoch}]},
    )  # fmt: skip
    runner.register_hook(EvalHook(data(2, 40), interval=every, by_epoch=by_epoch, test_fn=evaluated), priority="LOW")
    loaders = [data(1, 80)]
    runner.run(loaders, [("train", 1 if by_epoch else 10)])


def points(file: Path, by_epoch: bool) -> dict[str, list[list[float]]]:
    """Where the training stood when each line was written: ten iterations an epoch."""
    found: dict[str, list[list[float]]] = {}
    at = 0
    for line in file.read_text().splitlines()[1:]:
        row = json.loads(line)
        if row["mode"] == "train":
            at = row["iter"] + ((row["epoch"] - 1) * 10 if by_epoch else 0)
        for key, value in row.items():
            if key in ("loss", "accuracy_top-1") or (key == "lr" and row["mode"] == "train"):
                found.setdefault(key, []).append([at, float(value)])
    return found


def main() -> None:
    train(EpochBasedRunner, "by_epoch", {"max_epochs": 4}, 1)
    train(IterBasedRunner, "by_iter", {"max_iters": 40}, 8)
    truth = {}
    for file in Path("work").glob("*.log.json"):
        shutil.copy(file, "log")
        name = file.name.removesuffix(".log.json")
        truth[name] = points(file, name == "by_epoch")
    shutil.rmtree("work")
    Path("truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
