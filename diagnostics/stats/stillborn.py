"""Weight matrices that no gradient has ever reached: what lies before or behind them passes nothing on."""

from math import prod

import numpy as np

from collector.schema import TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.report import Evidence
from diagnostics.run import Run
from diagnostics.stats.held_back import narrow
from diagnostics.stats.layers import layers
from diagnostics.stats.long_steps import Sign

SEEN = 5  # samples: behind a last layer of zeros the others get theirs from the second step on
MOST = 0.5  # of the weights in matrices


def stillborn(run: Run, loss: Curve) -> Sign:
    """Most weights got a gradient of exactly 0 in each sample since the first, in a network of some width: a unit or two are soon off for every example.

    A matrix that is frozen, or is no part of the step, has no gradient at all, and that is another matter.
    """
    grads = layers(run, "grad_norm")
    if grads is None or len(grads.steps) < SEEN or narrow(run):
        return None
    dead = (grads.values == 0).all(axis=0)
    sizes = np.array([prod(run.shapes[name].sizes) if name in run.shapes else 1 for name in grads.names], dtype=float)
    share = float(sizes[dead].sum() / sizes.sum()) if dead.any() else 0.0
    if share <= MOST:
        return None
    evidence = Evidence(TRAIN_LOSS, *grads.span(loss), "share of the weights that never got a gradient", share, MOST)
    return f"No gradient has ever reached {dead.sum()} of {dead.size} weight matrices.", evidence
