"""Keep a label only where it is a fact: the fault must have cost something against the sound run of the same subject."""

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import Run
from diagnostics.stats.level import end, start

WORSE = 1.15  # final loss over that of the sound run: below this the fault did no harm worth a verdict
SLOWER = 3.0  # steps to half of the fall over those of the sound run
STUCK = 0.98  # a loss that ends above this share of its start has learned nothing


def label(fault: str, run: Run, sound: Run) -> str | None:
    """The verdict ``run`` must get, or None when the fault left no measurable harm."""
    loss = run[TRAIN_LOSS]
    if fault in ("diverged", "lr_too_high", "bad_initialization") and _diverged(run):
        return "diverged"
    if fault in ("healthy", "not_enough_data"):
        return fault
    if fault == "overfitting":
        return fault if _val(run) > WORSE * _val(sound) and end(loss) < end(run[VAL_LOSS]) / WORSE else None
    if fault == "bad_initialization":
        return fault if _half(run, sound) > SLOWER * _half(sound, sound) else None
    harmed = _val(run) > WORSE * _val(sound) and end(loss) > WORSE * end(sound[TRAIN_LOSS])
    return ("lr_too_high" if fault == "diverged" else fault) if harmed else None


def _diverged(run: Run) -> bool:
    """Not finite at the end, or no better than at the start after having been worse."""
    loss = run[TRAIN_LOSS]
    tail = loss.values[-max(3, len(loss) // 10) :]
    if not np.isfinite(tail).all():
        return True
    moved = np.nanmax(loss.values) > 1.1 * start(loss)
    return bool(end(loss) > STUCK * start(loss) and moved)


def _val(run: Run) -> float:
    return end(run[VAL_LOSS])


def _half(run: Run, sound: Run) -> float:
    """Step at which ``run`` first reaches half of the sound run's fall; infinite when it never does."""
    goal = (start(sound[VAL_LOSS]) + end(sound[VAL_LOSS])) / 2
    loss = run[VAL_LOSS]
    below = np.flatnonzero(loss.values < goal)
    return float(loss.steps[below[0]]) if below.size else np.inf
