"""How fast a run goes, and how long it still takes where its settings say how long it was meant to be."""

from dataclasses import dataclass

import numpy as np

from collector.schema import RUNNING
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.plan import BEYOND, planned_epochs, planned_steps

RECENT = 100  # rows: a minute or so of most trainings, and enough for the jitter of single steps to even out


@dataclass(frozen=True)
class Pace:
    """How a run goes; None where its log does not say.

    Attributes:
        started: wall time of its first row, s since 1970.
        steps_per_second: over its last ``RECENT`` rows.
        done: the share of the planned steps, 0 to 1.
        seconds_left: until the planned steps are done, as of the last row; None when it is not running.
    """

    started: float | None = None
    steps_per_second: float | None = None
    done: float | None = None
    seconds_left: float | None = None


def pace(run: Run) -> Pace:
    """The pace of ``run``."""
    rows = _rows(run)
    total = total_steps(run)
    done = None if total is None or not 0 < run.last_step <= BEYOND * total else min(run.last_step / total, 1.0)
    return Pace(_started(run), _rate(rows, RECENT), done, _left(run, rows, total if done is not None else None))


def total_steps(run: Run) -> float | None:
    """How many steps the run was meant to have; None where no setting says so."""
    if (epochs := planned_epochs(run)) is not None:
        each = _steps_per_epoch(run)
        return None if each is None else epochs * each
    return planned_steps(run)


def _steps_per_epoch(run: Run) -> float | None:
    """From where the logged epoch changes: it may be a whole number, and a run may begin in the midst of one."""
    if run.epochs is None or len(run.epochs.finite()) < 2:
        return None
    seen = run.epochs.finite()
    changes = np.flatnonzero(np.diff(seen.values) > 0) + 1
    if seen.values[0] == 0:
        changes = np.insert(changes, 0, 0)  # the run's first row begins an epoch
    if len(changes) < 2:
        return None
    first, last = changes[0], changes[-1]
    return float((seen.steps[last] - seen.steps[first]) / (seen.values[last] - seen.values[first]))


def _rows(run: Run) -> Curve | None:
    """The densest curve with times, since the last resume: the time a run did not run is no part of its pace."""
    timed = [curve for curve in run.curves.values() if len(curve) and np.isfinite(curve.wall_time[-1])]
    if not timed:
        return None
    densest = max(timed, key=len)
    begin = int(np.searchsorted(densest.steps, run.resumed_at[-1])) if run.resumed_at else 0
    return Curve(densest.tag, densest.steps[begin:], densest.values[begin:], densest.wall_time[begin:])


def _rate(rows: Curve | None, most: int) -> float | None:
    """Steps a second over the last ``most`` rows."""
    if rows is None or len(rows) < 2:
        return None
    first = max(len(rows) - most, 0)
    steps, seconds = rows.steps[-1] - rows.steps[first], rows.wall_time[-1] - rows.wall_time[first]
    return float(steps / seconds) if steps > 0 and seconds > 0 else None


def _left(run: Run, rows: Curve | None, total: float | None) -> float | None:
    """By the later half of the attempt: that has its evaluations and checkpoints in it, and not how slowly it began."""
    if run.state != RUNNING or total is None or rows is None:
        return None
    rate = _rate(rows, max(len(rows) // 2, RECENT))
    return None if rate is None else max(total - run.last_step, 0.0) / rate


def _started(run: Run) -> float | None:
    firsts = [
        curve.wall_time[0]
        for curves in (run.curves, run.superseded)
        for curve in curves.values()
        if len(curve) and np.isfinite(curve.wall_time[0])
    ]
    return float(min(firsts)) if firsts else None
