"""The layers of a run over its steps as a table, thinned for a heatmap, and which of them are furthest from what is sound."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from diagnostics.curve import Floats, Ints
from diagnostics.once import once
from diagnostics.run import Run

RATIO, NORM = "update_ratio", "grad_norm"
MEASURED = (RATIO, "weight_norm", "update_norm", NORM)
SOUND_RATIO = 1e-3  # update / weight size: the course (EECS 498 / CS231n)
TINY = 1e-12  # below any update that changes a float32 weight; stands in for 0 in a logarithm

Grid = NDArray[np.float64]


@dataclass(frozen=True)
class Heat:
    """One quantity of all layers. ``values`` [layers, columns]; column i spans ``edges[i]`` to ``edges[i + 1]`` of the axis."""

    layers: list[str]
    edges: Floats
    values: Grid

    @property
    def decades(self) -> Grid:
        """The values as powers of ten; nothing at all lies at ``TINY``."""
        return np.asarray(np.log10(np.maximum(self.values, TINY)))


def heat(run: Run, quantity: str, x: Floats, columns: int, *, log: bool = False, begin: int = 0) -> Heat:
    """At most ``columns`` columns; each cell is the worst of its samples, so that no burst is lost.

    Worst is furthest from 1e-3, as a factor, for the update ratio, and largest for any norm. ``x`` [n] is where the n samples
    from the one numbered ``begin`` on lie on the axis, not decreasing.
    """
    layers, _, values = table(run, quantity)
    values = values[:, begin : begin + x.size]
    starts = _starts(x, columns, log)
    worst = np.fmax.reduceat(values, starts, axis=1)
    if quantity == RATIO:
        least = np.fmin.reduceat(values, starts, axis=1)
        worst = np.where(away(least, quantity) > away(worst, quantity), least, worst)
    return Heat(layers, _edges(x, starts), worst)


@once
def table(run: Run, quantity: str) -> tuple[list[str], Ints, Grid]:
    """Names of the layers in the order of the log, sampled steps, and the values [layers, steps], NaN where there is none."""
    if run.layers is None or run.layers.empty:
        return [], np.empty(0, dtype=np.int64), np.empty((0, 0))
    row, names, column, steps = _places(run)
    values = np.full((len(names), len(steps)), np.nan)
    values[row, column] = run.layers[quantity].to_numpy(dtype=np.float64, na_value=np.nan)
    return names, steps, values


@once
def _places(run: Run) -> tuple[Ints, list[str], Ints, Ints]:
    """Row and column of each entry of the log's layer table, and the names and steps that these stand for."""
    layers = run.layers if run.layers is not None else pd.DataFrame({"layer": [], "step": []})
    row, names = pd.factorize(layers["layer"])
    column, steps = pd.factorize(layers["step"], sort=True)
    return row, [str(name) for name in names], column, np.asarray(steps, dtype=np.int64)


@once
def worst(run: Run, quantity: str, count: int) -> pd.DataFrame:
    """The ``count`` layers that are furthest from what is sound, with their medians and ``row``, their place in the table.

    A median, because the last steps of a decayed rate update nothing and say nothing.
    """
    values = _medians(table(run, quantity)[2])
    order = np.argsort(-np.nan_to_num(away(values, quantity), nan=np.inf), kind="stable")[:count]
    usual = {measured: _medians(table(run, measured)[2][order]) for measured in MEASURED}
    factor = (values / _sound(values, quantity))[order]
    return pd.DataFrame({"layer": [table(run, quantity)[0][i] for i in order], **usual, "row": order, "factor": factor})


def _medians(values: Grid) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a layer without any value has no median
        return np.asarray(np.nanmedian(values, axis=1))


def away(values: Grid, quantity: str) -> Grid:
    """How far ``values`` are from what is sound, in decades; of a norm, from the median layer's."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(np.log10(np.maximum(values, TINY) / _sound(values, quantity))))


def _sound(values: Grid, quantity: str) -> float:
    if quantity == RATIO:
        return SOUND_RATIO
    known = values[np.isfinite(values)]
    return max(float(np.median(known)), TINY) if known.size else 1.0


def _starts(x: Floats, columns: int, log: bool) -> Ints:
    """Index of the first sample of each column of equal width; a column without a sample is left to its neighbour."""
    if x.size <= columns:
        return np.arange(x.size, dtype=np.int64)
    low = max(x[0], x[x > 0][0]) if log else x[0]
    ends = np.geomspace(low, x[-1], columns + 1) if log else np.linspace(low, x[-1], columns + 1)
    return np.unique(np.concatenate([[0], np.searchsorted(x, ends[1:-1])])).astype(np.int64)


def _edges(x: Floats, starts: Ints) -> Floats:
    """Columns meet halfway between their samples; the outer ones are as wide as their neighbour."""
    if x.size < 2:
        return np.asarray([x[0] - 0.5, x[0] + 0.5]) if x.size else np.empty(0)
    inner = [(x[i - 1] + x[i]) / 2 for i in starts[1:]]
    first, last = x[0] - (x[1] - x[0]) / 2, x[-1] + (x[-1] - x[-2]) / 2
    return np.asarray([max(first, x[0] / 2), *inner, last])
