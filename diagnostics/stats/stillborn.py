"""Weight matrices that no gradient has ever reached: what lies before or behind them passes nothing on."""

from math import prod

import numpy as np

from collector.schema import TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.report import Evidence
from diagnostics.run import Run
from diagnostics.stats.held_back import narrow
from diagnostics.stats.held_by_start import young
from diagnostics.stats.layers import layers
from diagnostics.stats.level import before_training, end
from diagnostics.stats.long_steps import Sign
from diagnostics.stats.plan import early

SEEN = 5  # samples: behind a last layer of zeros the others get theirs from the second step on
MOST = 0.4  # of the weights in matrices: half of an autoencoder is its encoder
LEARNED = 0.67  # of the start: a network that gets lower learns without those weights, as mixtures of experts and towers that are not in use do


def stillborn(run: Run, loss: Curve) -> Sign:
    """Most weights got a gradient of exactly 0 in every sample from the first on, the loss is near its start, and the network has some width: a unit or two are soon off for every example.

    A matrix that is frozen, or is no part of the step, has no gradient at all, and that is another matter; so is a loss that may be 0 or less, as a reward's.
    """
    grads, first = layers(run, "grad_norm"), before_training(run)
    if grads is None or len(grads.steps) < SEEN or narrow(run) or (early(run) and young(run, loss)):
        return None
    if first <= 0 or loss.values.min() <= 0 or end(loss) < LEARNED * first:
        return None
    dead = (grads.values == 0).all(axis=0)
    known = all(name in run.shapes for name in grads.names)
    sizes = np.array([prod(run.shapes[name].sizes) if known else 1 for name in grads.names], dtype=float)
    share = float(sizes[dead].sum() / sizes.sum()) if dead.any() else 0.0
    if share <= MOST:
        return None
    evidence = Evidence(TRAIN_LOSS, *grads.span(loss), "share of the weights that never got a gradient", share, MOST)
    return f"No gradient has ever reached {dead.sum()} of {dead.size} weight matrices.", evidence
