"""What the accuracies say of a classification: solved, or no better than a guess."""

from dataclasses import dataclass

import numpy as np

from collector.schema import TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY
from diagnostics.run import Run
from diagnostics.stats.level import before_training, end, start
from diagnostics.stats.noise import noise
from diagnostics.stats.plateau import running_median

SOLVED_ACCURACY, SURE = 0.97, 0.05  # fraction right; of the first loss: right, and sure of it
SOLVED = 0.02  # of the first loss
RISE = 0.02  # fraction right, gained since the start
RARE = 0.05  # fraction right
LUCK = 1.2  # times what a guess among the classes gets right
LEAST_EVALS = 5  # evaluations for an end level that is not the start
LEAST_JITTER = 8  # evaluations, for a jitter
POINT = 0.01  # fraction right: a gain that is worth a word


def accuracy(run: Run, tag: str) -> float | None:
    """Where the accuracy ``tag`` ends; None with too few evaluations."""
    curve = run.get(tag)
    return end(curve) if curve is not None and len(curve.finite()) >= LEAST_EVALS else None


@dataclass(frozen=True)
class Since:
    """Validation accuracy since some step.

    Attributes:
        then, now: fraction right at that step, a running median of three, and at the end.
        jitter: from one evaluation to the next.
    """

    then: float
    now: float
    jitter: float

    @property
    def rose(self) -> bool:
        """Clear of the jitter, and by enough to care."""
        return self.now > self.then + max(self.jitter, POINT)

    @property
    def fell(self) -> bool:
        """Clear of the jitter."""
        return self.now < self.then - self.jitter


def since(run: Run, step: int) -> Since | None:
    """What validation accuracy has done since ``step``; None with too few evaluations."""
    curve = run.get(VAL_ACCURACY)
    if curve is None or len(curve.finite()) < LEAST_JITTER:
        return None
    smooth = running_median(curve.finite(), 3)
    then = float(smooth.values[min(int(np.searchsorted(smooth.steps, step)), len(smooth) - 1)])
    return Since(then, end(curve), noise(curve.values))


def solved(run: Run) -> bool:
    """Whether training has next to nothing left: of its first loss, or right and sure of it."""
    right, left = accuracy(run, TRAIN_ACCURACY), end(run[TRAIN_LOSS]) / before_training(run)
    return left <= (SURE if right is not None and right >= SOLVED_ACCURACY else SOLVED)


def at_chance(run: Run) -> bool:
    """Whether both accuracies never rose from where they began, whatever the loss did: a guess, also where nobody said among how many classes.

    An accuracy of 0, or one under RARE beside a loss that went below half of its start, is none of a classification: a log may hold one of a regression or
    an autoencoder.
    """
    curves = [run[tag].finite() for tag in (TRAIN_ACCURACY, VAL_ACCURACY) if accuracy(run, tag) is not None]
    most, fell = LUCK / (run.classes or 2), end(run[TRAIN_LOSS]) < start(run[TRAIN_LOSS]) / 2
    least = RARE if fell else 0.0
    return len(curves) == 2 and all(least < end(c) <= min(start(c) + RISE, most) for c in curves)
