"""The loss of the untouched network, and whether a run ended above it or spent much of its time there."""

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.guess import guess
from diagnostics.stats.level import (
    Blocks,
    before_training,
    blocks,
    end,
    evaluated_before,
    start,
    surely_before_training,
)
from diagnostics.stats.noise import noise

HIGHER = 0.02  # of the start: losses that end that far above their start were thrown there; labels that mean nothing bring 1 %
CLEAR = 4.0  # standard errors of a level
FAR_BELOW = 0.8  # of the start: chosen by eye on two runs that came back and ended among the best of their sweeps
LEAST_EVALS = 3  # evaluations
LEAST_TO_END = 6  # evaluations whose noise can be told


def untouched(run: Run) -> float:
    """The loss before the first step; the mean of a first epoch, which may be thrown up already, is held to that of a guess."""
    first, blind = before_training(run), guess(run)
    averaged = run.per_epoch(TRAIN_LOSS) and evaluated_before(run) is None
    return min(first, blind) if averaged and blind is not None else first


def lifted(run: Run) -> float:
    """The same as training sees it: dropout and batch statistics lift its loss above validation's from the first batch on."""
    return untouched(run) if run.per_epoch(TRAIN_LOSS) else max(before_training(run), start(run[TRAIN_LOSS]))


def ends_higher(run: Run) -> bool:
    """Whether validation ends clearly above its start; training as well, or alone, where it is too sparse to know its noise."""
    val = run.get(VAL_LOSS)
    seen = val.finite() if val is not None else None
    known = 0 if seen is None else len(seen)
    trained = known >= LEAST_TO_END or _ends_above(
        run[TRAIN_LOSS].finite(), max(lifted(run), surely_before_training(run))
    )
    return trained and (seen is None or known < LEAST_EVALS or _ends_above(seen, start(seen)))


def recovered(run: Run) -> bool:
    """Whether the last few evaluations are all far below the untouched network's loss, and below validation's first: what was thrown up has come back."""
    val = run.get(VAL_LOSS)
    late = val.finite().values[-LEAST_EVALS:] if val is not None else np.empty(0)
    return len(late) == LEAST_EVALS and float(late.max()) < FAR_BELOW * min(untouched(run), start(run[VAL_LOSS]))


def _ends_above(curve: Curve, first: float) -> bool:
    return end(curve) > first + max(HIGHER * abs(first), 2 * noise(curve.values))


def time_above(run: Run) -> float:
    """The share of the run that the loss stood clearly above the untouched network's: of training's, or of validation's, which nothing lifts.

    0 where no validation says what that was: a first batch may have been an easy one.
    """
    first = before_training(run)
    if evaluated_before(run) is None:
        return 0.0
    return max(_share_above(blocks(run[TRAIN_LOSS]), lifted(run)), _share_above(blocks(run[VAL_LOSS]), first))


def _share_above(levels: Blocks, first: float) -> float:
    above = levels.levels > first + max(HIGHER * abs(first), CLEAR * levels.error)
    return float(np.mean(above)) if len(levels.curve) >= LEAST_EVALS else 0.0
