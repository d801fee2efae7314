"""Train one recipe through our own collector: a plain PyTorch loop."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.lab.data import DATA, Data
from benchmarks.lab.models import build
from collector import Collector


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run. The defaults are sound; a fault changes one thing."""

    data: str = "digits"
    model: str = "relu"
    width: int = 64
    depth: int = 2
    dropout: float = 0.0
    optimizer: str = "sgd"  # sgd, momentum, adam, adamw
    lr: float = 0.1
    schedule: str = "constant"  # constant, cosine, step: × drop at drop_at of the run
    drop: float = 0.1
    drop_at: float = 0.5
    warmup: float = 0.0  # share of the run
    weight_decay: float = 0.0
    init_scale: float = 1.0  # multiplies every weight matrix at the start
    batch: int = 64
    steps: int = 1500
    train_size: int | None = None  # use only so many training rows
    label_noise: float = 0.0  # share of training labels drawn at random
    evals: int = 40  # evaluations over the run
    seed: int = 0


def train(recipe: Recipe, folder: Path) -> None:
    """Train ``recipe`` on one thread and leave the run in ``folder``."""
    torch.set_num_threads(1)  # tiny models: a second thread costs more than it brings, and changes chaotic runs
    torch.manual_seed(recipe.seed)
    data = _data(recipe)
    model = build(recipe.model, data, recipe.width, recipe.depth, recipe.dropout)
    _scale_weights(model, recipe.init_scale)
    optimizer = _optimizer(recipe, model)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _factor(recipe, step))
    loss_name = "mse" if data.classes is None else "cross_entropy"
    every = max(1, recipe.steps // recipe.evals)
    with Collector(
        folder, model=model, optimizer=optimizer, config=asdict(recipe), classes=data.classes, loss=loss_name
    ) as run:
        for step in range(recipe.steps):
            if step % every == 0:
                run.log_eval(**_measure(model, data.x_val, data.y_val, data.classes))
            chosen = torch.randint(len(data.x), (recipe.batch,))
            output, target = model(data.x[chosen]), data.y[chosen]
            loss = _loss(output, target, data.classes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            run.log(loss=loss, **_accuracy(output, target, data.classes))
        run.log_eval(**_measure(model, data.x_val, data.y_val, data.classes))


def _data(recipe: Recipe) -> Data:
    data = DATA[recipe.data]()
    keep = recipe.train_size or len(data.x)
    labels = data.y[:keep].clone()
    wrong = torch.rand(len(labels)) < recipe.label_noise
    labels[wrong] = labels[torch.randperm(len(labels))][wrong]
    return Data(data.x[:keep], labels, data.x_val, data.y_val, data.classes)


def _scale_weights(model: nn.Module, scale: float) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(scale)


def _optimizer(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    common: dict[str, Any] = {"lr": recipe.lr, "weight_decay": recipe.weight_decay}
    match recipe.optimizer:
        case "adam":
            return torch.optim.Adam(model.parameters(), **common)
        case "adamw":
            return torch.optim.AdamW(model.parameters(), **common)
        case "momentum":
            return torch.optim.SGD(model.parameters(), momentum=0.9, **common)
        case _:
            return torch.optim.SGD(model.parameters(), **common)


def _factor(recipe: Recipe, step: int) -> float:
    done = step / recipe.steps
    if done < recipe.warmup:
        return done / recipe.warmup
    if recipe.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (done - recipe.warmup) / (1 - recipe.warmup))))
    return recipe.drop if recipe.schedule == "step" and done >= recipe.drop_at else 1.0


def _loss(output: Tensor, target: Tensor, classes: int | None) -> Tensor:
    return F.mse_loss(output.reshape(target.shape), target) if classes is None else F.cross_entropy(output, target)


def _accuracy(output: Tensor, target: Tensor, classes: int | None) -> dict[str, float]:
    return {} if classes is None else {"accuracy": (output.argmax(1) == target).float().mean().item()}


@torch.no_grad()
def _measure(model: nn.Module, x: Tensor, y: Tensor, classes: int | None) -> dict[str, float]:
    model.eval()
    output = model(x)
    model.train()
    return {"loss": _loss(output, y, classes).item(), **_accuracy(output, y, classes)}
