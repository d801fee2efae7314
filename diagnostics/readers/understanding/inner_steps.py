"""Steps that begin anew in each epoch, as ``epoch 3, iter 50/200``, counted on over all epochs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from diagnostics.curve import Floats, Ints
from diagnostics.readers import blockwise
from diagnostics.readers.log import Log, Series, distinct

ANEW = 0.9  # of the epochs at whose beginning the step goes back, from which steps count within an epoch


def counted_on(log: Log) -> tuple[Log, list[str]]:
    """``log`` with steps that count on, and a note; itself where its steps do so already."""
    shared = [s for s in log.series if s.order is not None and s.epochs is not None]
    if all(map(blockwise.rises, distinct(s.steps for s in shared))):
        return log, []
    rows, steps, epochs = _by_row(shared)
    if not _begin_anew(steps, epochs):
        return log, []
    first = min(float(epochs.min()), 1.0)  # epochs count from 0 or from 1
    length = float(steps.max()) + (1.0 if steps.min() == 0 else 0.0)
    on = dict(zip(rows.tolist(), (steps + (epochs - first) * length).tolist(), strict=True))
    series = tuple(_moved(s, on) for s in log.series)
    over = None if log.epochs is None else _moved(log.epochs, on)
    note = f"steps begin anew in each epoch: counted on over epochs of {length:,.0f} steps, the most that one shows"
    return replace(log, series=series, epochs=over), [note]


def _by_row(shared: Sequence[Series]) -> tuple[Ints, Floats, Floats]:
    """Row, step and epoch of every row that has all of them, in the order of the log."""
    order = np.concatenate([*(s.rows for s in shared), np.empty(0, np.int64)])
    steps = np.concatenate([*(s.steps for s in shared), np.empty(0)])
    epochs = np.concatenate([*(s.epochs for s in shared if s.epochs is not None), np.empty(0)])
    both = np.isfinite(steps) & np.isfinite(epochs)
    rows, first = np.unique(order[both], return_index=True)
    return rows, steps[both][first], epochs[both][first]


def _begin_anew(steps: Floats, epochs: Floats) -> bool:
    """Whether the step goes back where an epoch begins, and only there."""
    back, next_epoch = np.diff(steps) < 0, np.diff(epochs) != 0
    whole = bool((epochs == np.floor(epochs)).all())
    return whole and bool(next_epoch.sum() and back[next_epoch].mean() >= ANEW and not back[~next_epoch].any())


def _moved(series: Series, on: dict[int, float]) -> Series:
    if series.order is None:
        return series
    steps = [on.get(row, step) for row, step in zip(series.rows.tolist(), series.steps.tolist(), strict=True)]
    return replace(series, steps=np.array(steps, dtype=np.float64))
