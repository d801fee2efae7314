"""The lab's grid of constant learning rates: labelled as DeepOBS labels its own, and on the shelf in the same form."""

import numpy as np

from benchmarks.lab import rates, shelf
from benchmarks.lab.train import Result
from benchmarks.score import grid
from collector.schema import LR, TRAIN_LOSS, VAL_LOSS
from diagnostics import Curve, synthetic

CELLS = [cell for cell in rates.cells() if cell.problem == "images-cnn" and cell.optimizer == "sgd"]


def _trained(ends: list[float], rises: int):
    """The first rates of a cell, with what training came to, and validation that rose in one of them."""
    run = synthetic.make(synthetic.falling(), synthetic.falling(), lr=0.1)
    rose = synthetic.with_curves(run, Curve(VAL_LOSS, np.arange(40), np.linspace(1.0, 2.0, 40)))
    results = [Result(1.0, 1.0, 1.0, end, ((0, 2.3, 2.3),), (1.0,)) for end in ends]
    return [(c, r, rose if n == rises else run) for n, (c, r) in enumerate(zip(CELLS, results, strict=False))]


def test_a_rate_is_labelled_by_its_part_of_the_best_fall():
    table = rates.labels(_trained([2.0, 0.31, 0.1, 1.0, 2.29, np.inf], rises=1))
    assert table.label.tolist() == ["lr_too_low", "lr_ok", "lr_ok", "lr_too_high", "diverged", "diverged"]
    assert table.best_lr.tolist() == [CELLS[2].recipe.lr] * 6 and table.progress[2] == 1.0
    assert table.val_rises.tolist() == [False, True, False, False, False, False]


def test_every_problem_is_tried_with_every_optimizer_at_every_rate():
    every = list(rates.cells())
    assert len({cell.name for cell in every}) == len(every) == 3 * 12 * len(rates.LEARNED_FROM | rates.APART)
    assert not set(rates.LEARNED_FROM) & set(rates.APART)
    assert all(c.recipe.schedule == "constant" and not c.recipe.log_layers and not c.recipe.log_config for c in every)


def test_the_shelf_holds_the_grid():
    known = grid.load(shelf.FOLDER, shelf.RATES)
    assert known.labels.label.value_counts().min() >= 50 and known.labels.apart.nunique() == 2
    assert len(known.runs) == len(list(rates.cells()))
    for run in known.runs[::50]:
        assert {TRAIN_LOSS, VAL_LOSS, LR} <= run.curves.keys() and run.layers is None and run.epochs is not None
        assert len(run[LR].finite()) and run.classes is None
