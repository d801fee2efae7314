"""A learning rate in five figures, of a schedule and of what a run logged."""

from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Curve
from diagnostics.schedules.schedule import Schedule

EXACT = 1_000_000  # steps looked at one by one in some 50 ms; beyond, as many blocks of equal length, each by its middle step


@dataclass(frozen=True)
class Figures:
    """``steps`` in all; the ``largest`` rate, the ``last``, and the one ``at`` a step (NaN before the first).

    ``total`` is the sum over all steps: how far the weights could go with gradients of size 1.
    """

    steps: int
    largest: float
    last: float
    total: float
    at: float


def of_schedule(schedule: Schedule, step: int) -> Figures:
    """Of the steps 0 … T − 1; of more than ``EXACT`` the sum to within about a hundred-thousandth."""
    edges = np.linspace(0, schedule.total_steps, min(schedule.total_steps, EXACT) + 1).astype(np.int64)
    rates = schedule.lr((edges[:-1] + edges[1:]) // 2)
    top, last, at = schedule.lr(np.array([schedule.warmup_steps, schedule.total_steps - 1, step]))
    largest = max(float(rates.max()), float(top))
    return Figures(schedule.total_steps, largest, float(last), float((rates * np.diff(edges)).sum()), float(at))


def of_curve(curve: Curve, step: int) -> Figures | None:
    """Of a logged rate's finite values; each counts for the steps since the one before, so that all logged, they are summed."""
    rate = curve.finite()
    if not len(rate):
        return None
    since = np.diff(rate.steps, prepend=min(0, rate.steps[0] - 1))
    total, at = float((rate.values * since).sum()), float(rate.at(np.array([step]))[0])
    return Figures(int(rate.steps[-1]), float(rate.values.max()), float(rate.values[-1]), total, at)
