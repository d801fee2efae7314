"""A loss laid over itself epoch by epoch: what of it depends on the place within the epoch."""

from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Curve, Floats

MOST_PLACES = 20  # of an epoch: finer ones hold too few points
POINTS_A_PLACE = 2  # points at least, so that one batch does not make a place
LEAST_PLACES, LEAST_EPOCHS = 4, 6  # a shape, and enough repeats of it
ROUNDING = 1e-9  # of an epoch: 3 / 10 of ten places is the third, not a little less
LEFT_OUT = 0.1  # of the run at its start: the first fall is no period


@dataclass(frozen=True)
class Folded:
    """The shape that repeats.

    Attributes:
        first_step, last_step: where it was measured.
        period: steps an epoch.
        epochs: how many whole epochs were laid over each other.
        share: of the variation within epochs, the part that is the same in each (0–1), each epoch weighing the same.
        agreement: correlation between the shapes of the even and of the odd epochs.
        height: highest − lowest place of the mean shape, in the curve's unit.
    """

    first_step: int
    last_step: int
    period: float
    epochs: int
    share: float
    agreement: float
    height: float


def fold(curve: Curve, epochs: Curve) -> Folded | None:
    """Lay the finite points of ``curve`` over each other by epoch, the straight line through each epoch taken out.

    None where an epoch has too few points, or there are too few epochs.
    """
    late = curve.finite()
    late = late.where(late.steps >= late.steps[0] + LEFT_OUT * (late.steps[-1] - late.steps[0])) if len(late) else late
    period, origin = _period(epochs)
    if not len(late) or not period > 0:
        return None
    place = (late.steps - origin) / period + ROUNDING
    points = len(late) / max(float(place[-1] - place[0]), 1e-9)
    places = int(min(MOST_PLACES, points // POINTS_A_PLACE))
    if places < LEAST_PLACES:
        return None
    table = _straightened(_table(place, late.values, places))
    if len(table) < LEAST_EPOCHS:
        return None
    scale = table.std(axis=1, keepdims=True)
    alike = table / np.where(scale > 0, scale, 1.0)
    shape = alike.mean(axis=0)
    whole = float((alike**2).mean())
    return Folded(
        first_step=int(late.steps[0]),
        last_step=int(late.steps[-1]),
        period=period,
        epochs=len(table),
        share=float((shape**2).mean()) / whole if whole > 0 else 0.0,
        agreement=_correlation(alike[::2].mean(axis=0), alike[1::2].mean(axis=0)),
        height=float(np.ptp(table.mean(axis=0))),
    )


def _period(epochs: Curve) -> tuple[float, int]:
    """Steps an epoch over the whole log, and a step at which one began."""
    known = epochs.finite()
    if len(known) < 2 or known.values[-1] <= known.values[0]:
        return 0.0, 0
    begins = np.flatnonzero(np.floor(known.values[1:]) > np.floor(known.values[:-1])) + 1
    if len(begins) < 2:
        return 0.0, 0
    first, last = begins[0], begins[-1]
    passed = np.floor(known.values[last]) - np.floor(known.values[first])
    if not passed > 0:  # epochs that fell back in between
        return 0.0, 0
    return float(known.steps[last] - known.steps[first]) / float(passed), int(known.steps[first])


def _table(place: Floats, values: Floats, places: int) -> Floats:
    """[epochs, places]: mean of the values at each place of each epoch; only epochs with a value at each place."""
    epoch = np.floor(place).astype(int)
    column = np.minimum(((place - epoch) * places).astype(int), places - 1)
    row = epoch - epoch.min()
    cell = row * places + column
    count = np.bincount(cell, minlength=(row.max() + 1) * places)
    total = np.bincount(cell, weights=values, minlength=count.size)
    full = (count > 0).reshape(-1, places).all(axis=1)
    return (total.reshape(-1, places)[full]) / count.reshape(-1, places)[full]


def _straightened(table: Floats) -> Floats:
    """Each row without its mean and its straight line: a loss that falls within an epoch does not repeat."""
    if not table.size:
        return table
    line = np.linspace(-1, 1, table.shape[1])
    level = table - table.mean(axis=1, keepdims=True)
    straight: Floats = level - np.outer(level @ line / (line @ line), line)
    return straight


def _correlation(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0
