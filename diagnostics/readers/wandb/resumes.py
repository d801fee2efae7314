"""A W&B run that was resumed lies in a folder an attempt, all with the same id: one log of them."""

import numpy as np

from diagnostics.curve import Floats
from diagnostics.readers.log import Log, Series


def goes_on(first: Log, then: Log) -> bool:
    """Whether ``then`` counts its steps on from ``first``; offline, W&B counts every attempt from 0, as a run of its own."""
    return _begin(first) < _begin(then)


def joined(first: Log, then: Log) -> Log:
    """Both attempts as one log; the later one's rows follow, so that what it repeats counts."""
    rows = 1 + max((int(s.rows[-1]) for s in first.series if s.order is not None and len(s)), default=-1)
    earlier, later = {s.name: s for s in first.series}, {s.name: s for s in then.series}
    series = tuple(_both(earlier.get(n), later.get(n), rows) for n in dict.fromkeys([*earlier, *later]))
    notes = tuple(dict.fromkeys([*first.notes, *then.notes]))
    return Log(then.name, first.source, series, config={**first.config, **then.config}, state=then.state, notes=notes)


def _both(first: Series | None, then: Series | None, rows: int) -> Series:
    parts = [s for s in (first, then) if s is not None]
    order = np.concatenate([s.rows + (rows if s is then else 0) for s in parts if s.order is not None])
    values, steps = (np.concatenate([getattr(s, name) for s in parts]) for name in ("values", "steps"))
    return Series(parts[0].name, values, steps, None, np.concatenate([_times(s) for s in parts]), order)


def _times(series: Series) -> Floats:
    return np.full(len(series), np.nan) if series.wall_time is None else series.wall_time


def _begin(log: Log) -> float:
    """The first step of what was logged with one."""
    steps = [float(s.steps[0]) for s in log.series if len(s) and np.isfinite(s.steps[0])]
    return min(steps, default=np.nan)
