"""The loss of a network that knows nothing yet: what a guess among the classes costs."""

import re
from collections.abc import Callable, Mapping

import numpy as np

from collector.schema import TRAIN_LOSS
from diagnostics.run import Run
from diagnostics.stats.level import before_training

# By the loss' name without case and separators, from the number of classes; scores are near 0 before training.
GUESS: Mapping[str, Callable[[int], float]] = {
    **dict.fromkeys(
        ("crossentropy", "nll", "categoricalcrossentropy", "sparsecategoricalcrossentropy"), lambda c: float(np.log(c))
    ),
    **dict.fromkeys(
        ("bce", "bcewithlogits", "binarycrossentropy", "binarycrossentropywithlogits"), lambda _: float(np.log(2))
    ),
    **dict.fromkeys(
        ("hinge", "multiclasshinge", "svm"), lambda c: c - 1.0
    ),  # every other class is a margin of 1 too near
    "multimargin": lambda c: (c - 1.0) / c,  # PyTorch's divides by the number of classes
}

NEAR = 0.15  # of ln C: PyTorch's and Keras' default starts lie within 1.14 of a guess


def guess(run: Run) -> float | None:
    """The mean loss of equal scores for every class; None when the loss' name or the number of classes is unknown.

    ln C for cross-entropy and C − 1 for the multiclass hinge: CS231n, "Sanity checks". A loss without a name that begins at ln C is taken for a cross-entropy.
    """
    if not run.classes or run.classes < 2:
        return None
    name = re.sub(r"[^a-z]", "", (run.loss or "").lower()).removesuffix("loss")
    if not name and _begins_at(run, GUESS["crossentropy"](run.classes)):
        name = "crossentropy"
    return GUESS[name](run.classes) if name in GUESS else None


def _begins_at(run: Run, level: float) -> bool:
    loss = run.get(TRAIN_LOSS)
    return loss is not None and len(loss.finite()) > 0 and abs(before_training(run) - level) <= NEAR * level


def unknown(run: Run) -> str | None:
    """Why no guess can be made, as one clause; None when it can."""
    return None if guess(run) is not None else "the loss a guess would have is not known: say classes and loss"
