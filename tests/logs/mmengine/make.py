"""MMEngine's Runner: ``vis_data/<timestamp>.json`` and ``scalars.json``; validation is logged with the epoch as its step."""

import json
import shutil
from pathlib import Path

import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.visualization import LocalVisBackend
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

PACKAGES = ["torch==2.13.0", "mmengine-lite==0.10.7", "opencv-python-headless==5.0.0.93", "numpy", "matplotlib"]


class Small(BaseModel):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))

    def forward(self, x, y, mode="tensor"):
        logits = self.body(x)
        return {"loss": nn.functional.cross_entropy(logits, y)} if mode == "loss" else (logits, y)


class Accuracy(BaseMetric):
    def process(self, data_batch, data_samples) -> None:
        logits, y = data_samples
        self.results.append({"right": int((logits.argmax(-1) == y).sum()), "all": len(y)})

    def compute_metrics(self, results):
        return {"accuracy": 100 * sum(r["right"] for r in results) / sum(r["all"] for r in results)}


def data(seed: int, count: int) -> DataLoader:
    made = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 8, generator=made)
    return DataLoader(TensorDataset(x, (x[:, :3] * 2).argmax(-1)), batch_size=8)


def main() -> None:
    torch.manual_seed(0)
    truth: dict[str, list[list[float]]] = {}
    add = LocalVisBackend.add_scalars

    def heard(self, scalars, step=0, file_path=None, **kwargs):
        validation = "loss" not in scalars
        for name, value in scalars.items():
            if name not in ("step", "epoch", "iter"):
                truth.setdefault(name, []).append([step * 10 if validation else step, float(value)])
        return add(self, scalars, step, file_path, **kwargs)

    LocalVisBackend.add_scalars = heard
    runner = Runner(
        Small(), "work", data(1, 80), data(2, 40), train_cfg={"by_epoch": True, "max_epochs": 4}, val_cfg={},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1}}, val_evaluator=[Accuracy()],
        default_hooks={"logger": {"type": "LoggerHook", "interval": 2}, "checkpoint": None}, experiment_name="small",
        param_scheduler={"type": "ExponentialLR", "gamma": 0.8}, log_level="WARNING",
    )  # fmt: skip
    runner.train()
    for file in Path("work").rglob("vis_data/*.json"):
        Path("log/vis_data").mkdir(exist_ok=True)
        shutil.copy(file, "log/vis_data")
    shutil.rmtree("work")
    Path("truth.json").write_text(json.dumps({"small": truth}))


if __name__ == "__main__":
    main()
