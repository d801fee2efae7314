"""What becomes of a schedule when the batch changes size: as many epochs, fewer steps, each longer.

Linear: k times the batch, k times the rate, reached by a gradual warm-up of five epochs from the old one (Goyal et al. 2017,
"Accurate, Large Minibatch SGD", section 2.1 and 2.2). Square root: for Adam and its kin, whose step does not grow with the
gradient (Malladi et al. 2022, "On the SDEs and Scaling Rules for Adaptive Gradient Algorithms").
"""

import math
from typing import Any

import numpy as np

from diagnostics.run import Run
from diagnostics.schedules.schedule import GRADUAL, Schedule

LINEAR, SQRT = "linear", "sqrt"
WARMUP_EPOCHS = 5  # Goyal et al. 2017, section 2.2
PROVEN = 8_192  # the largest batch that kept ImageNet's accuracy in Goyal et al. 2017, figure 1
MIN_STEPS = 8  # fewer are no schedule
USUAL_EPOCHS = 90  # of the same paper; where the run does not say


def scaled(schedule: Schedule, k: float, epochs: float, rule: str = LINEAR) -> Schedule:
    """``schedule`` for a batch ``k`` times as large; it is ``epochs`` long and stays so.

    A batch that grows begins with a warm-up, of at most half the steps; one-cycle has a rise of its own.
    """
    times = math.sqrt(k) if rule == SQRT else k
    total = max(round(schedule.total_steps / k), MIN_STEPS)
    grows = k > 1 and schedule.kind != "one_cycle"
    five = min(round(WARMUP_EPOCHS * total / epochs), total // 2)
    warmup = five if grows else min(round(schedule.warmup_steps / k), total - 1)
    rates = {"peak": schedule.peak * times, "final": schedule.final * times}
    begins = {"warmup": GRADUAL, "warmup_start": 1 / times} if grows else {}
    fields: dict[str, Any] = {**vars(schedule), **rates, **begins, **_steps(schedule, k, total - warmup, warmup)}
    return Schedule(**fields | {"total_steps": total, "warmup_steps": warmup})


def _steps(schedule: Schedule, k: float, room: int, warmup: int) -> dict[str, Any]:
    """Every field that counts steps, divided by ``k`` and no longer than the ``room`` after the warm-up."""
    drops = {max(round(m / k), warmup + 1) for m in schedule.milestones}
    counts = {name: getattr(schedule, name) for name in ("every", "period", "timescale", "decay_steps")}
    return {"milestones": tuple(sorted(drops)), **{n: min(max(round(c / k), 1), room) for n, c in counts.items()}}


def epochs(run: Run) -> float:
    """How often the run goes through its data, as far as it says."""
    last = run.epochs.finite().values[-1:] if run.epochs is not None else np.empty(0)
    return float(last[0]) if last.size and last[0] > 0 else USUAL_EPOCHS
