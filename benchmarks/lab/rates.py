"""A grid of constant learning rates, as DeepOBS has one: what any other rate would have done can be looked up.

Each problem is trained with plain gradient descent, momentum and Adam, at the same twelve rates, and logged as a plain log would be: losses,
accuracies where there are any, the rate and the epochs, and nothing of the weights, the optimizer or the loss. ``python -m benchmarks.lab --rates`` trains and packs it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.lab import shelf
from benchmarks.lab.check.subjects import CHECK
from benchmarks.lab.fresh.subjects import FRESH
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.recorded import record, recorded
from benchmarks.lab.results import known
from benchmarks.lab.train import Result
from benchmarks.lab.wild.subjects import DRAWN
from collector.schema import LR, TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import Curve, Run

RATES = tuple(float(f"{10**power:.3g}") for power in np.arange(-5, 2, 0.6))
OPTIMIZERS = ("sgd", "momentum", "adam")
GOOD, NONE = (
    0.9,
    0.02,
)  # of the fall of the best rate: DeepOBS' bounds of a rate that is right, and of one that brings nothing
RISES = 1.05  # times the lowest validation loss, at the end: as in DeepOBS' labels
ROWS = 200  # training losses that are kept of a run
COLUMNS = {
    TRAIN_LOSS: "train_loss",
    VAL_LOSS: "val_loss",
    TRAIN_ACCURACY: "train_acc",
    VAL_ACCURACY: "val_acc",
    LR: "lr",
}

OWN = {  # problems of the kinds that DeepOBS has
    "characters-lstm": Recipe("topics", "lstm", 48, 1, batch_size=128, steps=1500, dropout=0.2),
    "images-resnet": Recipe("mnist", "resnet", 8, 2, batch_size=64, steps=1200, weight_decay=5e-4),
    "images-cnn": Recipe("digits", "cnn", 12, 2, batch_size=32, steps=1600, dropout=0.3, weight_decay=5e-4),
    "table-tanh": Recipe("cancer", "tanh", 32, 2, batch_size=16, steps=1500),
    "series-relu": Recipe("temperatures", "relu", 32, 2, batch_size=64, steps=1500),
    "images-transformer": Recipe("digits", "transformer", 16, 1, batch_size=32, steps=1000),
}
OTHERS = (
    "coins-variational-adam",
    "patches-autoencoder-momentum",
    "surnames-rnn-rmsprop",
    "textures-groupnet-nesterov",
    "firstnames-textcnn-adagrad",
    "horse-siren-rmsprop",
    "phishing-tabular-adamw",
    "manual-gru_lm-adamw",
)
LONGER, LONGER_DRAWN = 2.5, 3.0  # times the steps of the subject: DeepOBS trains to the end
SEED, BY_CHANCE = 20261122, 8  # of the lab's drawn subjects, how many, and the draw


def _drawn() -> dict[str, Recipe]:
    """By chance, from the last three drawn parts."""
    every = [(name, s.sound) for part in ("further", "again", "later") for name, s in DRAWN[part].items()]
    picked = np.random.default_rng(SEED).choice(len(every), BY_CHANCE, replace=False)
    return {every[i][0]: replace(every[i][1], steps=round(LONGER_DRAWN * every[i][1].steps)) for i in sorted(picked)}


def _chosen() -> dict[str, Recipe]:
    subjects = {name: (CHECK | FRESH)[name].sound for name in OTHERS}
    return {name: replace(recipe, steps=round(LONGER * recipe.steps)) for name, recipe in subjects.items()}


LEARNED_FROM = {**OWN, **_chosen()}
"""The problems that the rules were tried on."""
APART = _drawn()
"""Those that were judged once before a rule learned from them."""


@dataclass(frozen=True)
class Cell:
    """One training of the grid."""

    name: str
    problem: str
    optimizer: str
    recipe: Recipe


def cells() -> Iterator[Cell]:
    """Every problem, optimizer and rate."""
    for problem, sound in {**LEARNED_FROM, **APART}.items():
        plain = replace(sound, schedule="constant", warmup=0.0, max_grad_norm=None, seed=42)
        logged = replace(
            plain, epoch_evals=True, log_layers=False, log_config=False, log_every=max(1, plain.steps // ROWS)
        )
        for optimizer in OPTIMIZERS:
            for n, lr in enumerate(RATES):
                recipe = replace(logged, optimizer=optimizer, lr=lr)
                yield Cell(f"{problem}-{optimizer}-{n:02d}", problem, optimizer, recipe)


def pack(jobs: int) -> pd.DataFrame:
    """Train what is missing, put curves and labels on the shelf, and return the labels."""
    grid = list(cells())
    record({cell.name: cell.recipe for cell in grid}, jobs)
    done = known()
    runs = {cell.name: recorded(cell.name) for cell in grid}
    shelf.write(pd.concat([_rows(run, name) for name, run in runs.items()], ignore_index=True), shelf.RATES)
    table = labels([(cell, done[cell.recipe.key], runs[cell.name]) for cell in grid])
    table.to_csv(shelf.FOLDER / f"{shelf.RATES}_labels.csv", index=False, float_format="%.6g")
    return table


def _rows(run: Run, name: str) -> pd.DataFrame:
    """The curves side by side, a row a step, in the columns of DeepOBS' file."""
    found = [
        pd.Series(c.values, c.steps, name=COLUMNS[tag], dtype=np.float32)
        for tag, c in run.curves.items()
        if tag in COLUMNS
    ]
    table = pd.concat([s[~s.index.duplicated()] for s in found], axis=1).sort_index()
    assert run.epochs is not None
    table.insert(0, "epoch", run.epochs.at(table.index.to_numpy()).astype(np.float32))
    table["lr"] = np.float32(run[LR].values[0])
    return table.rename_axis("step").reset_index().assign(run=name).astype({"run": "category", "step": np.int32})


def labels(trained: list[tuple[Cell, Result, Run]]) -> pd.DataFrame:
    """A row a run, as DeepOBS' labels have it: by how far its training loss fell beside the best rate of its cell."""
    table = pd.DataFrame([_measured(*one) for one in trained])
    for _, rows in table.groupby("cell"):
        ends = rows.final_train.where(np.isfinite(rows.final_train))
        best = rows.lr[ends.idxmin()]
        progress = (rows.initial - ends) / (rows.initial - ends.min())
        table.loc[rows.index, ["best_lr", "best_train"]] = best, ends.min()
        table.loc[rows.index, "progress"] = progress.fillna(-np.inf)
        table.loc[rows.index, "label"] = [
            _label(p, lr > best) for p, lr in zip(progress.fillna(-np.inf), rows.lr, strict=True)
        ]
    return table


def _measured(cell: Cell, result: Result, run: Run) -> dict[str, object]:
    val: Curve = run[VAL_LOSS].finite()
    rises = len(val) > 0 and val.values[-1] > RISES * val.values.min() and result.train < run[TRAIN_LOSS].values[0]
    return {
        "run": cell.name,
        "label": "",
        "cell": f"{cell.problem}/{cell.optimizer}",
        "apart": cell.problem in APART,
        "lr": cell.recipe.lr,
        "initial": float(run[TRAIN_LOSS].values[0]),
        "final_train": result.train,
        "val_rises": rises,
    }


def _label(progress: float, above: bool) -> str:
    if progress >= GOOD:
        return "lr_ok"
    if not above:
        return "lr_too_low"
    return "diverged" if progress <= NONE else "lr_too_high"
