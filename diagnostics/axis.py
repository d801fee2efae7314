"""Where a step lies on the x-axis of a chart: at the step itself, at its epoch, or at the hours since the run began."""

from typing import Literal, get_args

import numpy as np

from diagnostics.curve import Curve, Floats, Ints
from diagnostics.once import once
from diagnostics.run import Run

Axis = Literal["step", "epoch", "time"]
AXES: tuple[Axis, ...] = get_args(Axis)
HOUR = 3600.0  # s


def axes_of(run: Run) -> list[Axis]:
    """The axes that ``run`` can be drawn over: a log need not say the epoch or the time."""
    return [x for x in AXES if x == "step" or len(_clock(run, x)[0])]


def along(run: Run, curve: Curve, x: Axis) -> Floats:
    """Where the points of ``curve`` [n] lie, never decreasing; a curve that knows its own times keeps them."""
    if x == "time" and len(curve) and np.isfinite(curve.wall_time).all():
        return _rising((curve.wall_time - _start(run)) / HOUR)
    return at(run, curve.steps, x)


def at(run: Run, steps: Ints, x: Axis) -> Floats:
    """Where ``steps`` [n] of ``run`` lie: between rows of the log in proportion, beyond its ends at them."""
    if x == "step":
        return np.asarray(steps, dtype=np.float64)
    known, where = _clock(run, x)
    return np.interp(steps, known, where) if known.size else np.full(np.shape(steps), np.nan)


@once
def first(run: Run, x: Axis) -> float:
    """The first place after 0 where a point lies: where a logarithmic axis begins; 1 when there is none."""
    places = [along(run, curve, x) for curve in run.curves.values()]
    return float(min((later[0] for place in places if (later := place[place > 0]).size), default=1.0))


@once
def _clock(run: Run, x: Axis) -> tuple[Ints, Floats]:
    """Steps and what the axis reads there, as the log gives them."""
    if x == "epoch":
        epochs = run.epochs.finite() if run.epochs else None
        return (epochs.steps, _rising(epochs.values)) if epochs else (np.empty(0, np.int64), np.empty(0))
    timed = [curve for curve in run.curves.values() if np.isfinite(curve.wall_time).any()]
    longest = max(timed, key=len, default=Curve("", np.empty(0, np.int64), np.empty(0)))
    known = np.isfinite(longest.wall_time)
    longest = longest if known.all() else longest.where(known)
    return longest.steps, _rising((longest.wall_time - _start(run)) / HOUR)


@once
def _start(run: Run) -> float:
    """When (s since 1970) the first row was written, of any attempt; NaN when the log does not say."""
    curves = (*run.curves.values(), *run.superseded.values())
    known = [(c.wall_time, np.isfinite(c.wall_time)) for c in curves]
    return float(min((times[there.argmax()] for times, there in known if there.any()), default=np.nan))


def _rising(values: Floats) -> Floats:
    """A clock that was set back stands still until the old time is reached again."""
    return np.asarray(np.maximum.accumulate(values)) if values.size else values
