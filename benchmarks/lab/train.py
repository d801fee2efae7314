"""Train one recipe: a plain PyTorch loop, recorded by our own collector when a folder is given."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.lab import objectives
from benchmarks.lab.data import DATA
from benchmarks.lab.lion import Lion
from benchmarks.lab.models import build
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.shapes import Data
from collector import Collector

GRID = 20  # evaluations of every training, logged or not
FINAL = (0.92, 0.94, 0.96, 0.98, 1.0)  # shares of the run whose mean is "the end": one alone is noise
COARSE = 200  # bins of the training loss that are kept of every training


@dataclass(frozen=True)
class Result:
    """What a training came to. Losses that are not finite are infinite.

    Attributes:
        val: mean validation loss at the end. ``last``: of the last step alone.
        held: mean loss at the end of the part that nobody watched.
        train: loss of the training part at the end, measured as validation is.
        grid: (step, validation loss, loss of the unwatched part) at even distances from before the first step to the last.
        fall: mean training loss of each of ``COARSE`` stretches.
    """

    val: float
    last: float
    held: float
    train: float
    grid: tuple[tuple[int, float, float], ...]
    fall: tuple[float, ...]

    @property
    def first(self) -> float:
        """Validation loss before the first step."""
        return self.grid[0][1]

    @property
    def best(self) -> tuple[int, float, float]:
        """The point of the grid with the lowest validation loss."""
        return min(self.grid, key=lambda point: point[1])


def train(recipe: Recipe, folder: Path | None = None) -> Result:
    """Train ``recipe`` on one thread, leave the run in ``folder``, and say what it came to."""
    data, model, optimizer = prepared(recipe)
    with _recorder(recipe, folder, model, optimizer, data) as run:
        return Loop(recipe, data, model, optimizer, run).through()


def prepared(recipe: Recipe) -> tuple[Data, nn.Module, torch.optim.Optimizer]:
    """What ``recipe`` is trained on, what is trained and what trains it, as they are before the first step; on one thread."""
    torch.set_num_threads(1)  # tiny models: a second thread costs more than it brings, and changes chaotic runs
    torch.manual_seed(recipe.seed)
    data = _data(recipe)
    model = build(recipe, data)
    return data, model, _optimizer(recipe, model)


def _recorder(
    recipe: Recipe, folder: Path | None, model: nn.Module, optimizer: torch.optim.Optimizer, data: Data
) -> AbstractContextManager[Collector | None]:
    if folder is None:
        return nullcontext()
    loss = recipe.objective or objectives.usual(data.classes)
    return Collector(
        folder, model=model, optimizer=optimizer, config=recipe.config, classes=data.classes, loss=loss, layers_every=10
    )


class Loop:
    """One training, evaluated on a grid; ``run`` records it."""

    def __init__(
        self,
        recipe: Recipe,
        data: Data,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        run: Collector | None = None,
    ) -> None:
        self.recipe, self.data, self.model, self.optimizer, self.run = recipe, data, model, optimizer, run
        self.per_epoch = max(1, len(data.train[0]) // recipe.batch_size)
        self.losses: list[float] = []
        self.hits: list[float] = []
        self.seen: dict[int, tuple[float, float]] = {}

    def through(self) -> Result:
        """Train to the end."""
        steps = self.recipe.steps
        logged = self._logged_evals()
        measured = {*_grid(steps)} | {round(steps * share) for share in FINAL}
        batches = _batches(len(self.data.train[0]), self.recipe.batch_size)
        for step in range(steps + 1):
            if step in measured or (self.run and step in logged):
                self.evaluate(step, step in logged)
            if step < steps:
                self.step(step, next(batches))
        return self._result()

    def _logged_evals(self) -> set[int]:
        steps, recipe = self.recipe.steps, self.recipe
        if not recipe.watch_val:
            return set()
        every = self.per_epoch if recipe.per_epoch or recipe.epoch_evals else max(1, steps // recipe.evals)
        return set(range(0 if recipe.first_eval else every, steps + 1, every))

    def step(self, step: int, chosen: Tensor) -> None:
        """One step, the ``step``-th from 0, on the examples ``chosen``."""
        recipe = self.recipe
        x, y = self.data.train
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.rate(step)
        output, target, loss = objectives.trained(self.model, x[chosen], y[chosen], recipe, self.data.classes)
        self.optimizer.zero_grad()
        loss.backward()
        if recipe.max_grad_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), recipe.max_grad_norm)
        self.optimizer.step()
        self.losses.append(loss.item())
        if self.run:
            self._log(self.run, step + 1, output, target)

    def _log(self, run: Collector, done: int, output: Tensor, target: Tensor) -> None:
        recipe = self.recipe
        known = recipe.accuracy and recipe.train_accuracy and self.data.classes is not None
        if known and recipe.per_epoch:
            self.hits.append((output.argmax(1) == target).float().mean().item())
        epoch = done / self.per_epoch
        if recipe.per_epoch and done % self.per_epoch == 0:
            means = {"loss": np.mean(self.losses[-self.per_epoch :]).item()}
            run.log(means | ({"accuracy": np.mean(self.hits[-self.per_epoch :]).item()} if known else {}), epoch=epoch)
        elif not recipe.per_epoch and (done - 1) % recipe.log_every == 0:
            hits = {"accuracy": (output.argmax(1) == target).float().mean().item()} if known else {}
            since = recipe.log_every if recipe.log_mean else 1
            run.log({"loss": np.mean(self.losses[-since:]).item()} | hits, epoch=epoch)

    @torch.no_grad()
    def evaluate(self, step: int, logged: bool) -> None:
        """Keep in ``seen`` what validation and the part that nobody watches come to after ``step`` steps."""
        self.model.eval()
        (x, y), (x_held, y_held) = self.data.val, self.data.held
        output = self.model(torch.cat([x, x_held]))
        val, held = output[: len(x)], output[len(x) :]
        self.model.train()
        loss = self._loss(val, y)
        self.seen[step] = (loss, self._loss(held, y_held))
        if logged and self.run:
            known = self.recipe.accuracy and self.data.classes is not None
            hits = {"accuracy": (val.argmax(1) == y).float().mean().item()} if known else {}
            self.run.log_eval({"loss": loss} | hits, epoch=step / self.per_epoch)

    def _result(self) -> Result:
        steps = self.recipe.steps
        seen = {step: (_finite(val), _finite(held)) for step, (val, held) in self.seen.items()}
        val, held = np.mean([seen[round(steps * share)] for share in FINAL], axis=0)
        return Result(
            val=float(val),
            last=seen[steps][0],
            held=float(held),
            train=self.on_train(),
            grid=tuple((step, *seen[step]) for step in _grid(steps)),
            fall=tuple(_finite(np.mean(part)) for part in np.array_split(self.losses, min(COARSE, steps))),
        )

    @torch.no_grad()
    def on_train(self) -> float:
        """Loss of the training part, measured as validation is."""
        self.model.eval()
        x, y = (part[:600] for part in self.data.train)
        return _finite(self._loss(self.model(x), y))

    def _loss(self, output: Tensor, target: Tensor) -> float:
        return objectives.loss(output, target, self.recipe, self.data.classes).item()


def _grid(steps: int) -> list[int]:
    return sorted({round(steps * k / GRID) for k in range(GRID + 1)})


def _finite(value: Any) -> float:
    return float(value) if np.isfinite(value) else float("inf")


def _batches(rows: int, size: int) -> Iterator[Tensor]:
    """Shuffled anew every epoch; a last batch that is not full is left out, a set smaller than one is a batch."""
    while True:
        order = torch.randperm(rows)
        yield from (order[first : first + size] for first in range(0, max(1, rows - size + 1), size))


def _data(recipe: Recipe) -> Data:
    data = DATA[recipe.data]()
    x, y = data.train
    keep = recipe.train_size or len(x)
    labels = y[:keep].clone()
    wrong = torch.rand(len(labels)) < recipe.label_noise
    labels[wrong] = labels[torch.randperm(len(labels))][wrong]
    return replace(data, train=(x[:keep], labels))


def _optimizer(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    common: dict[str, Any] = {"lr": recipe.lr, "weight_decay": recipe.weight_decay}
    match recipe.optimizer:
        case "adam":
            return torch.optim.Adam(model.parameters(), **common)
        case "adamw":
            return torch.optim.AdamW(model.parameters(), **common)
        case "momentum":
            return torch.optim.SGD(model.parameters(), momentum=0.9, **common)
        case "nesterov":
            return torch.optim.SGD(model.parameters(), momentum=0.9, nesterov=True, **common)
        case "rmsprop":
            return torch.optim.RMSprop(model.parameters(), **common)
        case "adagrad":
            return torch.optim.Adagrad(model.parameters(), **common)
        case "nadam":
            return torch.optim.NAdam(model.parameters(), **common)
        case "adamax":
            return torch.optim.Adamax(model.parameters(), **common)
        case "lion":
            return Lion(model.parameters(), **common)
        case _:
            return torch.optim.SGD(model.parameters(), **common)
