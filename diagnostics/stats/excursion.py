"""How long a loss stood above that of the untouched network."""

from dataclasses import dataclass

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Floats
from diagnostics.run import Run
from diagnostics.stats.level import blocks, surely_before_training

LEAST_BLOCKS = 20  # of stats.level: a level and its neighbours
LEAST_EVALS = 8  # evaluations
JUMP = 1.5  # times the start: no batch of a sound run reaches it
RAISED = (
    1.1  # times the start: what validation, the same examples each time, is above only when the weights are to blame
)


@dataclass(frozen=True)
class Excursion:
    """The stretches above the start.

    Attributes:
        tag: the curve it was measured on.
        share: of the run.
        first_step: where the curve begins.
        last_step: the last that stood above.
    """

    tag: str
    share: float
    first_step: int
    last_step: int


def excursion(run: Run) -> Excursion | None:
    """The longer of training's above ``JUMP`` times the start and validation's above ``RAISED``; None where neither was ever there."""
    found = [seen for seen in (_training(run), _validation(run)) if seen is not None]
    return max(found, key=lambda seen: seen.share, default=None)


def _training(run: Run) -> Excursion | None:
    levels = blocks(run[TRAIN_LOSS])
    if len(levels.levels) < LEAST_BLOCKS:
        return None
    return _above(TRAIN_LOSS, levels.steps, levels.levels, JUMP * surely_before_training(run))


def _validation(run: Run) -> Excursion | None:
    """Of validation that was measured before the first step and came back down: that of a run that overfits stays up."""
    val = run.get(VAL_LOSS)
    seen = val.finite() if val is not None else None
    if seen is None or len(seen) < LEAST_EVALS or seen.steps[0] >= run[TRAIN_LOSS].steps[0]:
        return None
    found = _above(VAL_LOSS, seen.steps.astype(np.float64), seen.values, RAISED * float(seen.values[0]))
    middle = (seen.steps[0] + seen.steps[-1]) / 2
    return found if found is not None and found.last_step <= middle else None


def _above(tag: str, steps: Floats, values: Floats, bound: float) -> Excursion | None:
    above = np.flatnonzero(values > bound)
    if bound <= 0 or not above.size:
        return None
    return Excursion(tag, above.size / len(values), int(steps[0]), int(steps[above[-1]]))
