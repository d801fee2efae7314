"""Layers that long steps killed: weights were thrown out, and some matrix gets no gradient any more."""

from dataclasses import dataclass

import numpy as np

from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.layers import layers

LATE = 3  # last samples: a gradient that is gone from all of them is no matter of one batch
GONE = 1e-6  # of the first gradient: units that are off for every example, or saturated to the last digits
GROWN = 2.0  # times its first norm: by a sound rate weights grow as slowly as they learn; what died at its first size was born so


@dataclass(frozen=True)
class Killed:
    """The matrices without a gradient.

    Attributes:
        names: of the matrices, and ``of``, how many the network has.
        left: the largest of their last gradients, as a share of the first.
        grown: how many times its first norm the matrix came to that grew most.
        first_step, last_step: of the samples that tell.
    """

    names: tuple[str, ...]
    of: int
    left: float
    grown: float
    first_step: int
    last_step: int


@once
def killed(run: Run) -> Killed | None:
    """Measure it; None where no matrix is dead, none was thrown out, or too few samples of the layers were taken."""
    grads, grown = layers(run, "grad_norm"), most_grown(run)
    if grads is None or len(grads.steps) <= LATE or grown < GROWN:
        return None
    first = np.where(grads.values[0] > 0, grads.values[0], np.nan)
    left = (grads.values[-LATE:] / first).max(axis=0)
    dead = np.flatnonzero(left <= GONE)
    if not dead.size:
        return None
    return Killed(
        names=tuple(grads.names[i] for i in dead),
        of=len(grads.names),
        left=float(left[dead].max()),
        grown=grown,
        first_step=int(grads.steps[-LATE]),
        last_step=int(grads.steps[-1]),
    )


def most_grown(run: Run) -> float:
    """How many times its first norm the weight matrix came to that grew most; 0 where no layers were seen."""
    return grown_by(run, run.last_step)


@once
def grown_by(run: Run, step: int) -> float:
    """The same, by ``step``."""
    norms = layers(run, "weight_norm")
    if norms is None or not norms.values.size:
        return 0.0
    first = np.where(norms.values[0] > 0, norms.values[0], np.inf)
    until = norms.values[norms.steps <= max(step, norms.steps[0])]
    return float(np.nan_to_num(until / first, posinf=0.0).max())
