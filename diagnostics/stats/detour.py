"""A training loss that was as low early as at the end, and stood far above both for long between: all that was won was lost, and won again."""

from dataclasses import dataclass

import numpy as np

from collector.schema import TRAIN_LOSS
from diagnostics.run import Run
from diagnostics.stats.level import before_training, blocks, end
from diagnostics.stats.strides import share_of_peak

LEAST_BLOCKS = 20  # of stats.level: a level and its neighbours
EARLY = 1 / 3  # of the run: by then it was as low
LONG = 1 / 8  # of the run: it stood above for as long
LEAST_FALL = 0.02  # of the start: as in stats.relapse
CLEAR = 10.0  # standard errors of a level
WON = 0.1  # of the fall by then: what the rest of the run may have won for all that


@dataclass(frozen=True)
class Detour:
    """Where it was low, and how high it stood after that.

    Attributes:
        low: its lowest level early, and ``step``, where that was.
        high: its level where it stood highest for ``LONG``, from ``since`` on.
        last: its level at the end.
        share: the rise to ``high``, as a share of the fall to ``low``.
        rate: the highest learning rate by ``step``, as a share of its peak; None where it was not logged.
    """

    low: float
    step: int
    high: float
    since: int
    last: float
    share: float
    rate: float | None


def detour(run: Run) -> Detour | None:
    """Measure it; None where it never rose clear of the noise, or won anything after all."""
    levels, first = blocks(run[TRAIN_LOSS]), before_training(run)
    count = len(levels.levels)
    if count < LEAST_BLOCKS:
        return None
    at = int(np.argmin(levels.levels[: round(EARLY * count)]))
    low, last = float(levels.levels[at]), end(run[TRAIN_LOSS])
    if first - low <= LEAST_FALL * abs(first) or low - last > WON * (first - low):
        return None
    stood = np.median(np.lib.stride_tricks.sliding_window_view(levels.levels[at + 1 :], round(LONG * count)), axis=1)
    since = int(np.argmax(stood))
    high = float(stood[since])
    if high - max(low, last) <= CLEAR * levels.error:
        return None
    step, later = int(levels.steps[at]), int(levels.steps[at + 1 + since])
    return Detour(low, step, high, later, last, (high - low) / (first - low), _rate(run, step))


def _rate(run: Run, step: int) -> float | None:
    steps = run[TRAIN_LOSS].finite().steps
    shares = share_of_peak(run, steps[steps <= step])
    return None if shares is None else float(shares.max())
