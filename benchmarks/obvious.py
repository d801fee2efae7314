"""Faults that nobody could miss, on networks that train in a second: is each one named?

``python -m benchmarks.obvious`` trains them, takes about six minutes, and prints each run whose verdict is not among those that are right: judged with all
that the collector records, and once more by what a log of any tool has (losses, accuracy, learning rate). The lab (``benchmarks.lab``) asks about faults
that are hard to tell apart; this asks whether the loud ones are ever called healthy. No threshold is chosen here.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from sklearn import datasets
from torch import nn

from benchmarks.lab.shelf import INSIDE
from collector import Collector
from diagnostics import Run, diagnose
from diagnostics.readers import read

DATA = {"digits": 10, "wine": 3, "breast_cancer": 2, "diabetes": None}  # of scikit-learn, and how many classes
OPTIMIZERS = {
    "momentum": lambda weights, **kw: torch.optim.SGD(weights, momentum=0.9, **kw),
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
}
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


@dataclass(frozen=True)
class Setting:
    """A training; ``init`` multiplies PyTorch's own first weights, ``cut`` is the step at which the rate falls to a hundredth."""

    data: str
    optimizer: str
    lr: float
    activation: str = "relu"
    steps: int = 600
    batch_size: int = 64
    width: int = 100
    depth: int = 2
    dropout: float = 0.0
    weight_decay: float = 0.0
    init: float = 1.0
    examples: int | None = None
    cut: int | None = None
    cosine: bool = False


SOUND = (
    Setting("digits", "momentum", 0.05),
    Setting("digits", "adam", 2e-3, "tanh"),
    Setting("digits", "sgd", 0.3),
    Setting("wine", "momentum", 0.01),
    Setting("breast_cancer", "adam", 1e-3),
    Setting("breast_cancer", "momentum", 0.01, "tanh"),
    Setting("diabetes", "adam", 1e-3),
)


@dataclass(frozen=True)
class Fault:
    """What is done to a sound setting, and which verdicts name it.

    Attributes:
        verdicts: slugs; several, where a person could defend each.
        lr: factor on the sound rate.
        only: the data sets on which it is a fault for sure; empty for all.
    """

    verdicts: frozenset[str]
    changes: Mapping[str, float | bool] = field(default_factory=dict)
    lr: float = 1.0
    only: tuple[str, ...] = ()


def _fault(verdicts: str, lr: float = 1.0, only: tuple[str, ...] = (), **changes: float | bool) -> Fault:
    return Fault(frozenset(verdicts.split()), changes, lr, only)


FAULTS = {
    "none": _fault("healthy keep_training", cosine=True, only=("digits",)),
    "rate / 3000": _fault("lr_too_low", 1 / 3000),
    "rate / 300": _fault("lr_too_low keep_training", 1 / 300),
    "rate / 3000, 100 steps": _fault("lr_too_low keep_training", 1 / 3000, steps=100),
    "rate x 100": _fault("lr_too_high diverged", 100),
    "rate x 1000": _fault("lr_too_high diverged", 1000),
    "rate x 1000, 150 steps": _fault("lr_too_high diverged", 1000, steps=150),
    "weights of zero": _fault("bad_initialization", init=0.0),
    "weights x 0.01": _fault("bad_initialization", init=0.01, steps=400),
    "weights x 0.05, five layers": _fault("bad_initialization", init=0.05, depth=5, steps=400),
    "weights x 8": _fault("bad_initialization diverged", 0.3, init=8.0, steps=400),
    "decay at step 12": _fault("decay_too_early", cut=12),
    "weight decay 0.3": _fault("underfitting", weight_decay=0.3, cosine=True),
    "dropout 0.9": _fault("underfitting", dropout=0.9, depth=3, width=24, cosine=True),
    "two units": _fault("underfitting", width=2, depth=3, steps=900, cosine=True, only=("digits",)),
    "forty examples": _fault("overfitting", examples=40, width=200, steps=1500, only=("digits",)),
    "thirty steps": _fault("keep_training lr_too_low", 0.3, steps=30),
    "four steps": _fault("not_enough_data", steps=4),
}


def main() -> None:
    """Train, judge and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    torch.set_num_threads(1)
    right: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as home:
        for name, setting, fault in cases():
            run = trained(setting, Path(home) / name.replace("/", "÷"))
            for how, seen in (("all that was recorded", run), ("losses, accuracy and rate", bare(run))):
                said = diagnose(seen).headline
                right[how] += said.rule in fault.verdicts
                if said.rule not in fault.verdicts:
                    print(f"{name}, by {how}: {said.rule}: {said.message}", flush=True)
    for how, count in right.items():
        print(f"named by {how}: {count} of {len(list(cases()))}")


def cases() -> Iterator[tuple[str, Setting, Fault]]:
    """Every fault that is one on every sound setting's data."""
    for sound in SOUND:
        for name, fault in FAULTS.items():
            if not fault.only or sound.data in fault.only:
                changed = replace(sound, lr=sound.lr * fault.lr, **dict(fault.changes))
                yield f"{sound.data} {sound.optimizer} {name}", changed, fault


def bare(run: Run) -> Run:
    """What is left of ``run`` in a log that knows neither the network nor its settings."""
    curves = {tag: curve for tag, curve in run.curves.items() if tag not in INSIDE}
    return replace(run, curves=curves, layers=None, shapes={}, config={}, classes=None, loss=None)


def trained(setting: Setting, folder: Path) -> Run:
    """Train ``setting``, recorded by the collector; validation twenty-four times, or at every step of a short run."""
    torch.manual_seed(0)
    x, y = _data(setting.data)
    three_quarters, classes = len(x) * 3 // 4, DATA[setting.data]
    first = three_quarters if setting.examples is None else setting.examples
    train, val = (x[:first], y[:first]), (x[three_quarters:], y[three_quarters:])
    model = _network(setting, x.shape[1], classes or 1)
    optimizer = OPTIMIZERS[setting.optimizer](model.parameters(), lr=setting.lr, weight_decay=setting.weight_decay)
    schedule = _schedule(setting, optimizer)
    named = {"lr": setting.lr, "weight_decay": setting.weight_decay, "batch_size": setting.batch_size}
    known = {"classes": classes, "loss": "cross_entropy" if classes else "mse"}
    with Collector(folder, model=model, optimizer=optimizer, config=named, **known) as run:
        for step in range(1, setting.steps + 1):
            batch = torch.randint(first, (min(setting.batch_size, first),))
            loss = _loss(model(train[0][batch]), train[1][batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if schedule:
                schedule.step()
            if step % max(1, setting.steps // 24) == 0:
                run.log_eval(**_evaluated(model, *val))
    return read(folder)[0]


def _data(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Standardized inputs [n, d] and classes [n], or standardized values [n]; shuffled, the same each time."""
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x = (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1.0)
    y = y if DATA[name] else (y - y.mean()) / y.std()
    return torch.tensor(x[order], dtype=torch.float32), torch.tensor(
        y[order], dtype=torch.long if DATA[name] else torch.float32
    )


def _network(setting: Setting, inputs: int, outputs: int) -> nn.Module:
    layers: list[nn.Module] = []
    for _ in range(setting.depth):
        layers += [nn.Linear(inputs, setting.width), ACTIVATIONS[setting.activation](), nn.Dropout(setting.dropout)]
        inputs = setting.width
    model = nn.Sequential(*layers, nn.Linear(inputs, outputs))
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(setting.init)
    return model


def _schedule(setting: Setting, optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler | None:
    if setting.cosine:
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, setting.steps)
    return torch.optim.lr_scheduler.MultiStepLR(optimizer, [setting.cut], 0.01) if setting.cut else None


def _loss(scores: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    if truth.dtype == torch.long:
        return nn.functional.cross_entropy(scores, truth)
    return nn.functional.mse_loss(scores.squeeze(1), truth)


@torch.no_grad()
def _evaluated(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
    model.eval()
    scores = model(x)
    model.train()
    seen = {"loss": _loss(scores, y)}
    return seen | ({"accuracy": (scores.argmax(1) == y).float().mean()} if y.dtype == torch.long else {})


if __name__ == "__main__":
    main()
