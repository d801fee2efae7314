"""Train one history: its curves as a script would log them, and what the third part of the data says of its weights."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.histories.data import Subject
from benchmarks.histories.networks import build
from benchmarks.histories.recipe import Recipe

LATE = 0.05  # of the epochs: the end of a run
THIRD = 2_500  # rows: the standard error of a loss is then 2 % of its spread


@dataclass(frozen=True)
class Part:
    """Inputs and targets of one part of the data."""

    x: Tensor
    y: Tensor


def train(recipe: Recipe, subject: Subject) -> tuple[pd.DataFrame, dict[str, float]]:
    """One row an epoch, as logged; and the facts ``truth`` labels it by."""
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    learn, val, third = _parts(recipe, subject)
    model = build(recipe, subject)
    optimizer = _optimizer(recipe, model)
    rows, unseen = [], []
    for epoch in range(recipe.epochs):
        optimizer.param_groups[0]["lr"] = recipe.lr * _factor(recipe, epoch)
        while_training = _epoch(recipe, model, optimizer, learn)
        train_loss, train_right = _measure(model, learn) if recipe.measured else while_training
        val_loss, val_right = _measure(model, val)
        rows.append((epoch + 1, train_loss, val_loss, train_right, val_right, optimizer.param_groups[0]["lr"]))
        unseen.append(_losses(model, third))
    table = pd.DataFrame(rows, columns=["epoch", "train_loss", "val_loss", "train_acc", "val_acc", "lr"])
    return _logged(recipe, table), _facts(table, np.array(unseen))


def _facts(table: pd.DataFrame, unseen: np.ndarray) -> dict[str, float]:
    """The third part's loss [epochs, rows] at the best epoch of validation, at the end, and how sure the difference is."""
    best, late = int(table.val_loss.argmin()), max(1, round(LATE * len(table)))
    apart = unseen[-1] - unseen[best]
    return {
        "best_epoch": best + 1,
        "unseen_best": unseen[best].mean(),
        "unseen_final": unseen[-1].mean(),
        "unseen_late": unseen[-late:].mean(),
        "error": apart.std() / math.sqrt(len(apart)),
        "train_best": table.train_loss[best],
        "train_final": table.train_loss.iloc[-1],
    }


def _parts(recipe: Recipe, subject: Subject) -> tuple[Part, Part, Part]:
    """Two fifths at most to learn from, a fifth to validate, the rest untouched."""
    n = len(subject.x)
    order = np.random.default_rng(recipe.seed).permutation(n)
    ends = n * 2 // 5, n * 3 // 5
    chosen = (
        order[: ends[0]][: recipe.train_size],
        order[ends[0] : ends[1]][: recipe.val_size],
        order[ends[1] :][:THIRD],
    )
    learn, val, third = (_part(subject, rows) for rows in chosen)
    wrong = torch.rand(len(learn.y)) < recipe.label_noise
    learn.y[wrong] = learn.y[torch.randperm(len(learn.y))][wrong]
    return learn, val, third


def _part(subject: Subject, rows: np.ndarray) -> Part:
    inputs = torch.as_tensor(subject.x[rows], dtype=torch.long if subject.symbols else torch.float32)
    return Part(inputs, torch.as_tensor(subject.y[rows], dtype=torch.long if subject.classes else torch.float32))


def _optimizer(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    return torch.optim.SGD(model.parameters(), lr=recipe.lr, momentum=0.9, weight_decay=recipe.weight_decay)


def _factor(recipe: Recipe, epoch: int) -> float:
    done = epoch / recipe.epochs
    if recipe.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done))
    return 0.1 if recipe.schedule == "step" and done >= 0.6 else 1.0


def _epoch(recipe: Recipe, model: nn.Module, optimizer: torch.optim.Optimizer, learn: Part) -> tuple[float, float]:
    """One pass; the mean loss and the share right on the way, as most scripts log them."""
    order, losses, right = torch.randperm(len(learn.x)), [], []
    for rows in order.split(recipe.batch):
        if len(rows) == 1:
            continue  # batch normalization needs two
        inputs = _augmented(learn.x[rows]) if recipe.augment else learn.x[rows]
        output = model(inputs)
        loss = _each(output, learn.y[rows]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        right.append(_right(output, learn.y[rows]))
    return float(np.mean(losses)), float(np.mean(right))


def _augmented(x: Tensor) -> Tensor:
    """Images moved by a pixel, rows of a table with a little noise."""
    if x.ndim == 3:
        down, along = torch.randint(-1, 2, (2,)).tolist()
        return x.roll((down, along), dims=(1, 2))
    return x + 0.3 * torch.randn_like(x)


def _each(output: Tensor, target: Tensor) -> Tensor:
    """The loss of each row."""
    if target.is_floating_point():
        return F.mse_loss(output, target, reduction="none").mean(dim=1)
    return F.cross_entropy(output, target, reduction="none")


def _right(output: Tensor, target: Tensor) -> float:
    return math.nan if target.is_floating_point() else (output.argmax(1) == target).float().mean().item()


@torch.no_grad()
def _measure(model: nn.Module, part: Part) -> tuple[float, float]:
    model.eval()
    output = model(part.x)
    model.train()
    return _each(output, part.y).mean().item(), _right(output, part.y)


@torch.no_grad()
def _losses(model: nn.Module, part: Part) -> np.ndarray:
    model.eval()
    losses = _each(model(part.x), part.y)
    model.train()
    return losses.numpy()


def _logged(recipe: Recipe, table: pd.DataFrame) -> pd.DataFrame:
    """Only what this script logs, and as it does."""
    rights, scale = ["train_acc", "val_acc"], {"none": math.nan, "fraction": 1.0, "per cent": 100.0}[recipe.accuracy]
    table = table.assign(**{name: table[name] * scale for name in rights})
    return table if recipe.log_lr else table.assign(lr=math.nan)
