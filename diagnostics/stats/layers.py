"""The layer table as matrices: one row a sampled step, one column a layer from the input to the output."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from diagnostics.curve import Curve, Floats, Ints
from diagnostics.run import Run

# Vectors start at 0 or 1 and have ratios of their own: biases and norms by the names that PyTorch and Keras modules use.
VECTOR = re.compile(r"bias|norm|\bbn\d*\b|\bln[\d_]|beta|gamma", re.IGNORECASE)


@dataclass(frozen=True)
class Layers:
    """One measure of each weight matrix.

    Attributes:
        names: [k], in the order of the model: about from the input to the output.
        steps: int64 [n], the sampled steps.
        values: float64 [n, k]; NaN where it could not be taken.
    """

    names: tuple[str, ...]
    steps: Ints
    values: Floats

    @cached_property
    def typical(self) -> Floats:
        """[k]: each layer's median over the steps; NaN for one that was never measured."""
        usual = np.full(len(self.names), np.nan)
        seen = np.isfinite(self.values).any(axis=0)
        usual[seen] = np.nanmedian(np.where(np.isinf(self.values), np.nan, self.values)[:, seen], axis=0)
        return usual

    def where(self, mask: NDArray[np.bool_]) -> "Layers":
        """The sampled steps that ``mask`` (bool [n]) keeps."""
        return Layers(self.names, self.steps[mask], self.values[mask])

    def span(self, curve: Curve) -> tuple[int, int]:
        """First and last sampled step, as far as ``curve``, on which they are shown, reaches."""
        first, last = int(curve.steps[0]), int(curve.steps[-1])
        return min(max(int(self.steps[0]), first), last), max(min(int(self.steps[-1]), last), first)


def layers(run: Run, measure: str) -> Layers | None:
    """``measure`` (a column of ``LAYERS_SCHEMA``) of the weight matrices, or None where no layers were recorded."""
    table = run.layers
    if table is None or not len(table):
        return None
    layer, names = pd.factorize(table["layer"])
    step, steps = pd.factorize(table["step"], sort=True)
    values = np.full((len(steps), len(names)), np.nan)
    values[step, layer] = table[measure].to_numpy(dtype=np.float64, na_value=np.nan)
    matrices = [i for i, name in enumerate(names) if not VECTOR.search(str(name))]
    return Layers(tuple(str(names[i]) for i in matrices), np.asarray(steps, np.int64), values[:, matrices])


def grows_along(values: Floats) -> float:
    """How steadily ``values`` [k] grow from the first to the last: the rank correlation with their place, −1 to 1."""
    if values.size < 2:
        return 0.0
    ranks = np.argsort(np.argsort(values))
    return float(np.corrcoef(ranks, np.arange(values.size))[0, 1])


def unmeasured(run: Run) -> str | None:
    """Why nothing can be said of layers, as one clause; None when it can."""
    return None if run.layers is not None else "no layers were measured"
