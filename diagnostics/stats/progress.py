"""How far a loss came, on the curve that shows it."""

from dataclasses import dataclass

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve, Floats
from diagnostics.run import Run
from diagnostics.stats.level import end, start
from diagnostics.stats.noise import noise

LEAST_EVALS = 8  # evaluations, whose noise is then known
HIDES = 2.0  # standard errors: one batch in forty is as far above a loss that never moved


@dataclass(frozen=True)
class Progress:
    """How far a loss came, on the curve that shows it: ``tag``, from ``first`` to ``last``."""

    tag: str
    first: float
    last: float

    @property
    def share(self) -> float:
        """The fall as a share of the start; infinite from a start of 0."""
        return (self.first - self.last) / abs(self.first) if self.first else np.inf


def progress(run: Run, first: float) -> Progress:
    """Of the training loss from ``first``, or of validation since its first, where batches differ by more than training can have fallen."""
    loss, val = run[TRAIN_LOSS].finite(), run.get(VAL_LOSS)
    if (
        val is not None
        and len(val.finite()) >= LEAST_EVALS
        and _hidden(loss, max(int(val.finite().steps[0]), int(loss.steps[0])))
    ):
        return Progress(VAL_LOSS, start(val), end(val))
    return Progress(TRAIN_LOSS, first, end(loss))


def _hidden(loss: Curve, until: int) -> bool:
    """Whether neither the first loss nor the mean of those up to step ``until`` stands out of the noise above the last."""
    early, late = loss.values[loss.steps <= until], loss.values[-max(3, len(loss) // 10) :]
    return early.size > 0 and not (_above(early[:1], late, loss) or _above(early, late, loss))


def _above(early: Floats, late: Floats, loss: Curve) -> bool:
    """Whether the mean of ``early`` stands out above that of ``late``."""
    error = noise(loss.values) * np.sqrt(1 / early.size + 1 / late.size)
    return bool(early.mean() - late.mean() > HIDES * error)
