"""fastai's CSVLogger: ``history.csv`` of a tabular learner, with times as minutes and seconds."""

import json
from pathlib import Path

import numpy as np
import torch
from fastai.callback.progress import CSVLogger
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.metrics import accuracy, error_rate
from torch import nn

PACKAGES = ["torch==2.13.0", "fastai==2.8.12"]


def data(seed: int, count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    x = torch.randn(count, 8, generator=torch.Generator().manual_seed(seed))
    return [(row, (row[:3] * 2).argmax()) for row in x]


def main() -> None:
    torch.manual_seed(0)
    loaders = DataLoaders(DataLoader(data(1, 80), bs=8, shuffle=True), DataLoader(data(2, 40), bs=8), device="cpu")
    body = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))
    learner = Learner(loaders, body, loss_func=nn.CrossEntropyLoss(), metrics=[accuracy, error_rate], path="log")
    with learner.no_bar(), learner.no_logging():
        learner.fit(6, 0.02, cbs=CSVLogger(fname="history.csv"))
    names = list(learner.recorder.metric_names[1:-1])
    rows = np.array([list(row) for row in learner.recorder.values])
    truth = {name: [[epoch, float(rows[epoch, i])] for epoch in range(len(rows))] for i, name in enumerate(names)}
    Path("truth.json").write_text(json.dumps({"log": truth}))


if __name__ == "__main__":
    main()
