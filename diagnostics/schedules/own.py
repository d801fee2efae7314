"""Which schedule a run followed, as far as its logged learning rate tells."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from diagnostics.curve import Curve
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.schedules.schedule import CONSTANT, GRADUAL, Schedule
from diagnostics.schedules.start import length, rate

CLOSE = 0.01  # of the peak, on average: rates are rounded in logs, and a drop may be logged a step late
SAME = 1e-6  # of the peak: equal, but for single precision
DROP = 0.95  # times the value before: a drop of a step schedule, not the course of a smooth one
MOST_DROPS = 20
ENOUGH = 10_000  # points to compare at


@once
def own(run: Run) -> Schedule | None:
    """The schedule nearest to the run's own rate; None where none is near or no rate was logged."""
    lr, total = rate(run), length(run)
    if lr is None or total is None or lr.values.max() <= 0:
        return None
    counted = Curve(lr.tag, lr.steps - min(1, int(lr.steps[0])), lr.values)  # logs that begin at 1 number the update
    seen = counted.where(np.arange(len(lr)) % max(1, len(lr) // ENOUGH) == 0)
    found = [(float(np.abs(s.lr(seen.steps) - seen.values).mean()) / s.peak, s) for s in _guesses(counted, total)]
    off, nearest = min(found, key=lambda pair: pair[0], default=(np.inf, None))
    return nearest if off <= CLOSE else None


def _guesses(lr: Curve, total: int) -> Iterator[Schedule]:
    """One schedule of each shape, simplest first, with what can be read off the curve; only what is possible."""
    for kind, more in _read_off(lr, total):
        warming = {} if kind == "one_cycle" else _warmup(lr)
        try:
            yield Schedule(kind, **{"peak": float(lr.values.max()), "total_steps": total, **warming, **more})
        except ValueError:
            continue


def _read_off(lr: Curve, total: int) -> Iterator[tuple[str, dict[str, Any]]]:
    peak, last = float(lr.values.max()), float(lr.values[-1])
    full = np.flatnonzero(lr.values >= peak * (1 - SAME))
    up, down = int(lr.steps[full[0]]), int(lr.steps[full[-1]])
    yield "constant", {}
    yield "multi_step", _drops(lr.where(lr.steps >= up))
    for final in (0.0, last):
        yield "linear", {"final": final}
        yield "cosine", {"final": final}
        yield "warmup_stable_decay", {"final": final, "decay_steps": total - down}
        yield "one_cycle", {"final": final, "rise": (up + 1) / total, "warmup_start": float(lr.values[0]) / peak}
    yield "inverse_sqrt", {}
    yield "exponential", {"factor": last / peak, "every": int(lr.steps[-1]) - up}


def _warmup(lr: Curve) -> dict[str, Any]:
    """How the rate came to its peak."""
    peak = float(lr.values.max())
    top = int(np.argmax(lr.values >= peak * (1 - SAME)))
    first, steps = float(lr.values[0]), int(lr.steps[top])
    if top == 0:
        return {}
    if np.ptp(lr.values[:top]) <= SAME * peak:
        return {"warmup_steps": steps, "warmup": CONSTANT, "warmup_start": first / peak}
    rise = (peak - first) / (steps - int(lr.steps[0]))
    begin = max(first - rise * int(lr.steps[0]), 0.0)  # the log may begin later than the rise
    return {"warmup_steps": steps, "warmup": GRADUAL, "warmup_start": begin / peak}


def _drops(after: Curve) -> dict[str, Any]:
    """Where the rate dropped, and by how much at each; nothing for a curve that is no staircase, or comes down to 0."""
    ratio = after.values[1:] / np.maximum(after.values[:-1], np.finfo(float).tiny)
    at = np.flatnonzero(ratio < DROP)
    if not 0 < at.size <= MOST_DROPS or not ratio[at].all():
        return {"milestones": (-1,)}
    return {"milestones": tuple(int(s) for s in after.steps[at + 1]), "factor": float(np.exp(np.log(ratio[at]).mean()))}
