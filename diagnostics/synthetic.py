"""Small made-up runs for the rules' examples and the tests: seeded, so the same call gives the same run.

Only examples and tests use these; what is measured and shown is always real.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from collector.schema import (
    EXCESS_LOSS,
    GRAD_NORM,
    LR,
    TRAIN_ACCURACY,
    TRAIN_LOSS,
    UPDATE_ALIGNMENT,
    UPDATE_RATIO,
    VAL_ACCURACY,
    VAL_LOSS,
)
from diagnostics.curve import Curve, Floats
from diagnostics.run import Run

STEPS = 1_000
EVALS = 40  # evaluations a run: one every 2.5 %


def falling(first: float = 2.3, last: float = 0.1, *, pace: float = 8.0, steps: int = STEPS) -> Floats:
    """A loss [steps] that falls exponentially from ``first`` towards ``last``, by e^-pace over the run."""
    return last + (first - last) * np.exp(-pace * np.linspace(0, 1, steps))


def noisy(values: Floats, share: float = 0.05, seed: int = 0) -> Floats:
    """``values`` with multiplicative normal noise of standard deviation ``share``, as minibatches bring."""
    return values * (1 + share * np.random.default_rng(seed).standard_normal(len(values)))


def make(
    train: Floats,
    val: Floats | None = None,
    *,
    train_accuracy: Floats | None = None,
    val_accuracy: Floats | None = None,
    lr: Floats | float | None = None,
    update_ratio: Floats | float | None = None,
    update_alignment: Floats | float | None = None,
    excess_loss: Floats | float | None = None,
    classes: int | None = None,
    loss: str | None = None,
) -> Run:
    """A run from full-length arrays [n]; validation curves are thinned to ``EVALS`` points, scalars are held constant."""
    n = len(train)
    every = np.unique(np.linspace(0, n - 1, min(EVALS, n)).astype(int))
    given = {TRAIN_LOSS: train, TRAIN_ACCURACY: train_accuracy, LR: lr}
    given |= {UPDATE_RATIO: update_ratio, UPDATE_ALIGNMENT: update_alignment, EXCESS_LOSS: excess_loss}
    curves = {t: Curve(t, np.arange(1, n + 1), np.broadcast_to(v, n)) for t, v in given.items() if v is not None}
    for tag, values in {VAL_LOSS: val, VAL_ACCURACY: val_accuracy}.items():
        if values is not None:
            curves[tag] = Curve(tag, every + 1, values[every])
    return Run("example", curves, classes=classes, loss=loss, state="finished")


def healthy(seed: int = 0) -> Run:
    """A sound classification: fast fall, cosine decay, validation close behind."""
    train = noisy(falling(), seed=seed)
    cosine = 0.05 * (1 + np.cos(np.pi * np.linspace(0, 1, STEPS)))
    accuracy = 1 - falling(0.9, 0.02)
    return make(
        train, falling(last=0.12), train_accuracy=accuracy, val_accuracy=accuracy - 0.01, lr=cosine, update_ratio=1e-3
    )


def with_curves(run: Run, *curves: Curve) -> Run:
    """``run`` with ``curves`` added, or put in the place of those of the same tag."""
    return replace(run, curves={**run.curves, **{curve.tag: curve for curve in curves}})


def with_config(run: Run, **settings: Any) -> Run:
    """``run`` with hyperparameters."""
    return replace(run, config={**run.config, **settings})


def layered(
    run: Run,
    grad_norm: ArrayLike,
    *,
    update_ratio: ArrayLike | None = None,
    every: int = 20,
) -> Run:
    """``run`` with a layer table: from the input to the output, a column of [layers] held constant or [samples, layers].

    The totals over all layers become curves, as the collector records them.
    """
    steps = run[TRAIN_LOSS].steps[::every]
    grads = np.broadcast_to(np.asarray(grad_norm, float), (len(steps), np.shape(grad_norm)[-1]))
    ratios = np.broadcast_to(
        np.asarray(1e-3 * np.ones_like(grads) if update_ratio is None else update_ratio), grads.shape
    )
    names = [f"{2 * i}.weight" for i in range(grads.shape[1])]
    table = pd.DataFrame({"step": np.repeat(steps, len(names)), "layer": names * len(steps), "weight_norm": 5.0})
    table["update_ratio"], table["grad_norm"] = ratios.ravel(), grads.ravel()
    table["update_norm"] = table["update_ratio"] * table["weight_norm"]
    norm = Curve(GRAD_NORM, steps, np.sqrt((grads**2).sum(axis=1)))
    total = Curve(UPDATE_RATIO, steps, np.sqrt((ratios**2).mean(axis=1)))
    return replace(with_curves(run, norm, total), layers=table)


def with_ranks(run: Run, ranks: Mapping[int, Mapping[str, Curve]]) -> Run:
    """``run`` as rank 0 of a distributed training, with the curves of the other ranks."""
    return replace(run, ranks=ranks)


def with_epochs(run: Run, length: int) -> Run:
    """``run`` with epochs of ``length`` steps each."""
    steps = run[TRAIN_LOSS].steps
    return replace(run, epochs=Curve("epoch", steps, (steps - 1) / length))
