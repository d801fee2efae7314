"""The layer table as matrices: one row a sampled step, one column a layer from the input to the output."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from diagnostics.curve import Curve, Floats, Ints
from diagnostics.once import once
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
        ordered = np.sort(np.where(np.isfinite(self.values), self.values, np.nan), axis=0)  # NaN last
        count = np.isfinite(ordered).sum(axis=0)
        column = np.arange(len(self.names))
        middle = (
            ordered[np.maximum(count - 1, 0) // 2, column],
            ordered[np.minimum(count // 2, len(ordered) - 1), column],
        )
        return np.where(count > 0, (middle[0] + middle[1]) / 2, np.nan)

    def where(self, mask: NDArray[np.bool_]) -> "Layers":
        """The sampled steps that ``mask`` (bool [n]) keeps."""
        return Layers(self.names, self.steps[mask], self.values[mask])

    def span(self, curve: Curve) -> tuple[int, int]:
        """First and last sampled step, as far as ``curve``, on which they are shown, reaches."""
        first, last = int(curve.steps[0]), int(curve.steps[-1])
        return min(max(int(self.steps[0]), first), last), max(min(int(self.steps[-1]), last), first)


@once
def layers(run: Run, measure: str) -> Layers | None:
    """``measure`` (a column of ``LAYERS_SCHEMA``) of the weight matrices, or None where no layers were recorded."""
    if run.layers is None or not len(run.layers):
        return None
    step, steps, layer, names = _places(run)
    values = np.full((len(steps), len(names)), np.nan)
    values[step, layer] = run.layers[measure].to_numpy(dtype=np.float64, na_value=np.nan)
    matrices = [i for i, name in enumerate(names) if not VECTOR.search(name)]
    return Layers(tuple(names[i] for i in matrices), steps, values[:, matrices])


@once
def _places(run: Run) -> tuple[Ints, Ints, Ints, list[str]]:
    """Of each row of the layer table: index of its step, the steps, index of its layer, the layers in order of appearance."""
    assert run.layers is not None
    layer, names = pd.factorize(run.layers["layer"])
    steps, step = np.unique(run.layers["step"].to_numpy(), return_inverse=True)
    return step, np.asarray(steps, np.int64), layer, [str(name) for name in names]


def grows_along(values: Floats) -> float:
    """How steadily ``values`` [k] grow from the first to the last: the rank correlation with their place, −1 to 1."""
    if values.size < 2:
        return 0.0
    ranks = np.argsort(np.argsort(values))
    return float(np.corrcoef(ranks, np.arange(values.size))[0, 1])


def unmeasured(run: Run) -> str | None:
    """Why nothing can be said of layers, as one clause; None when it can."""
    return None if run.layers is not None else "no layers were measured"
