"""skorch's ``history.json``: a row an epoch, with the rows of its batches inside."""

import json
from pathlib import Path

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import EpochScoring
from torch import nn

PACKAGES = ["torch==2.13.0", "skorch==1.4.0"]


def main() -> None:
    torch.manual_seed(0)
    x = np.random.default_rng(1).normal(size=(80, 8)).astype("float32")
    y = (x[:, :3] * 2).argmax(-1)
    body = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3), nn.Softmax(dim=-1))
    scores = [EpochScoring("accuracy", name="train_acc", on_train=True, lower_is_better=False)]
    net = NeuralNetClassifier(
        body, max_epochs=5, lr=0.2, batch_size=16, callbacks=scores, verbose=0, iterator_train__shuffle=True
    )
    net.fit(x, y)
    net.save_params(f_history="log/history.json")
    names = ["train_loss", "valid_loss", "valid_acc", "train_acc", "dur"]
    truth = {name: [[row["epoch"], float(row[name])] for row in net.history] for name in names}
    batches = [batch["train_loss"] for row in net.history for batch in row["batches"] if "train_loss" in batch]
    truth["batches/train_loss"] = [[i + 1, float(value)] for i, value in enumerate(batches)]
    Path("truth.json").write_text(json.dumps({"history": truth}))


if __name__ == "__main__":
    main()
