"""Whether the weights of a fresh network let a gradient reach every layer, from the layer table."""

import re
from typing import Any

import numpy as np

from diagnostics.curve import Floats
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.layers import layers

EARLY = 0.1  # of the run: before the weights have found a scale of their own
LEAST = 3  # samples
# an attention that looks everywhere alike, as a fresh one does, hardly depends on them: their gradient is of second order in weights of any sound size
MATCHED = re.compile(r"(^|[._])(query|key|[qk]_?proj|to_[qk]|w?[qk])[._]", re.IGNORECASE)


def balance(run: Run) -> float | None:
    """The smallest gradient over the largest among the weight matrices early in the run; None where none was seen.

    Weights that are too small by a factor shrink the gradient by it at every layer on the way; sound ones keep it within a few
    thousandths even through sixteen convolutions, three LSTMs or twelve layers of attention (queries and keys apart). A network that is dead altogether has no smallest gradient.
    """
    grads = layers(run, "grad_norm")
    if grads is None or not len(grads.steps):
        return None
    until = max(EARLY * run.last_step, grads.steps[min(LEAST, len(grads.steps)) - 1])
    early = grads.where(grads.steps <= until).values[:, [not MATCHED.search(name) for name in grads.names]]
    if early.shape[1] < 2:
        return None
    early = early[np.isfinite(early).all(axis=1) & (early.max(axis=1) > 0)]
    return float(np.median(early.min(axis=1) / early.max(axis=1))) if len(early) else None


def growth(run: Run, step: float) -> float | None:
    """By how much the norms of the weight matrices have grown from the first sample to the last by ``step``, on their geometric mean; None where it was not seen.

    Of all, not of one: a last layer grows in every classification, an embedding hardly; weights that began too small grow everywhere.
    """
    norms = layers(run, "weight_norm")
    if norms is None or not len(norms.steps) or not norms.names:
        return None
    until = norms.where((norms.steps <= step) | (norms.steps == norms.steps[0])).values
    seen = (until[0] > 0) & (until[-1] > 0) & np.isfinite(until[-1])
    return float(np.exp(np.mean(np.log(until[-1][seen] / until[0][seen])))) if seen.any() else None


def norm_left(run: Run) -> float | None:
    """The norm of all weights now over its highest; None where it was not recorded."""
    norms = _norms(run)
    return float(norms[-1] / norms.max()) if norms.size and norms.max() > 0 else None


def last_norm(run: Run) -> float | None:
    """The norm of all weights now; None where it was not recorded."""
    norms = _norms(run)
    return float(norms[-1]) if norms.size else None


@once
def _norms(run: Run) -> Floats:
    """The norm of all weights [samples]; empty where one of them is not finite."""
    if run.layers is None or run.layers.empty:
        return np.empty(0)
    squares: Any = (run.layers["weight_norm"] ** 2).groupby(run.layers["step"]).sum()
    norms = np.sqrt(squares.to_numpy(dtype=np.float64))
    return norms if np.isfinite(norms).all() else np.empty(0)


def stillness(run: Run) -> float | None:
    """The typical update of the stillest weight matrix over that of the liveliest, both as shares of the weights; None where it was not seen."""
    updates = layers(run, "update_ratio")
    if updates is None or len(updates.names) < 2 or not np.isfinite(updates.typical).all():
        return None
    most = float(updates.typical.max())
    return float(updates.typical.min()) / most if most > 0 else 0.0
