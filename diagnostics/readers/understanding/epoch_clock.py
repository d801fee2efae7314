"""Series that count epochs where others count steps: told, and put at their steps, by the time at which each point was logged.

Keras' ``epoch_loss`` beside ``batch_loss`` is one; a script that logs its training by step and its validation by epoch another.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from diagnostics.curve import Numbers
from diagnostics.readers.log import Series

ONES = 0.9  # of the steps from point to point that are 1 when epochs are counted; a resume may go back now and then
FEWER = 2.0  # times as far as the epochs must the steps go by then: an epoch has several steps
EVEN = 2.0  # times the median may an epoch's steps be, or a half: epochs are about equally long
MANY = 1.5  # times as many points has a series that was logged more than once an epoch


def at_their_steps(series: Sequence[Series]) -> tuple[list[Series], list[str]]:
    """``series`` with those that count epochs put at the step logged by then, and one line that says which; their epochs are kept."""
    clock = _clock(series)
    if clock is None:
        return list(series), []
    found = [_placed(s, clock) for s in series]
    moved = [s.name for s, now in zip(series, found, strict=True) if now is not s]
    if not moved:
        return list(series), []
    names = ", ".join(moved[:4]) + (f" and {len(moved) - 4} more" if moved[4:] else "")
    return found, [f"{names}: counted by epochs, put at the steps that {clock.name} had reached by then"]


def _clock(series: Sequence[Series]) -> Series | None:
    """The series with times that goes farthest; of several the one with the most points."""
    timed = [s for s in series if s.wall_time is not None and len(s) > 1 and _known(s).all()]
    return max(timed, key=lambda s: (s.steps.max(), len(s)), default=None)


def _known(series: Series) -> NDArray[np.bool_]:
    time = np.full(len(series), np.nan) if series.wall_time is None else series.wall_time
    return np.isfinite(series.steps) & np.isfinite(time)


def _placed(series: Series, clock: Series) -> Series:
    if len(series) < 2 or not _known(series).all() or not _by_ones(series.steps):
        return series
    steps = _reached(series, clock)
    return replace(series, steps=steps, epochs=series.steps) if _are_epochs(series.steps, steps) else series


def _by_ones(steps: Numbers) -> bool:
    return bool((np.diff(steps) == 1).mean() >= ONES)


def _reached(series: Series, clock: Series) -> Numbers:
    """The step of ``clock`` at each time of ``series``: the last before, or the nearest where it was logged as rarely."""
    assert series.wall_time is not None and clock.wall_time is not None
    order = np.argsort(clock.wall_time, kind="stable")
    times, steps, wanted = clock.wall_time[order], clock.steps[order], series.wall_time
    before = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, None)
    if len(clock) > MANY * len(series):
        return steps[before]
    after = np.clip(before + 1, None, times.size - 1)
    return np.where(np.abs(times[after] - wanted) < np.abs(wanted - times[before]), steps[after], steps[before])


def _are_epochs(epochs: Numbers, steps: Numbers) -> bool:
    """Whether ``steps`` run ahead of what was counted, and evenly."""
    apart = np.diff(steps)[np.diff(epochs) == 1]
    typical = float(np.median(apart))
    even = (apart <= EVEN * typical) & (apart >= typical / EVEN)
    return bool(typical >= FEWER and even.mean() >= ONES and (steps[1:] >= FEWER * epochs[1:]).all())
