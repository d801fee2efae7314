"""How much of the loss is the wandering of the weights around their average: what settling would take off it."""

from dataclasses import dataclass

from collector.schema import EXCESS_LOSS, TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.bounce import FLOOR
from diagnostics.stats.change import Change
from diagnostics.stats.level import end, start

LEAST = 6  # measurements in the second half of the run: fewer tell no error
WHOLE = (
    1.0  # of the loss: no wandering makes up more; where it seems to, another loss was logged than the gradient is of
)
SHARE = "mean excess loss as a share of the loss, or of a twentieth of the fall"


@dataclass(frozen=True)
class Wandering(Change):
    """The mean excess loss of the second half of a run, as its ``gain``.

    Attributes:
        level: mean training loss there.
        share: ``gain`` as a share of it, or of validation's end where that is higher, or of ``FLOOR`` of the fall where less is left; of the
            whole fall where the loss is below zero, and its level means nothing.
    """

    level: float
    share: float


@once
def wandering(run: Run) -> Wandering | None:
    """Measure it; None where it was not recorded, with fewer than ``LEAST`` measurements, and where it is no share of the loss."""
    logged, loss = run.get(EXCESS_LOSS), run[TRAIN_LOSS].finite()
    if logged is None or not len(loss):
        return None
    middle = (loss.steps[0] + loss.steps[-1]) / 2
    seen, late = (curve.where(curve.steps >= middle) for curve in (logged.finite(), loss))
    if len(seen) < LEAST:
        return None
    level = float(late.values.mean())
    gain, error = float(seen.values.mean()), float(seen.values.std(ddof=1)) / len(seen) ** 0.5
    scale = _scale(run, loss, level)
    share = gain / scale if scale > 0 else 0.0
    return Wandering(gain, error, int(seen.steps[0]), int(seen.steps[-1]), level, share) if share <= WHOLE else None


def _scale(run: Run, loss: Curve, level: float) -> float:
    val = run.get(VAL_LOSS)
    left = max(level, end(val)) if val is not None and len(val.finite()) else level
    fall = start(loss) - end(loss)
    return max(left, FLOOR * fall) if left > 0 else fall
