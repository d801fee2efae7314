"""sk-autod: given two lists of equal length, one value an epoch, as its ``diagnose`` wants them.

An epoch is what lies between two validations: the mean training loss there and the validation loss at its end; without a
validation loss, some fifty stretches, and the training loss for both. It refuses NaN, so it gets what came before the first, when that
is five epochs or more.
"""

import math
from itertools import pairwise
from pathlib import Path

from benchmarks.rivals.log import Log, Said

PACKAGE = "sk-autod"
FORM = "two lists, a value an epoch"
EPOCHS = 50  # of a run without validation
WORDS = {
    "Classic overfitting": ("overfitting",),
    "Missed early stopping": ("overfitting",),
    "LR too high": ("lr_too_high",),
    "LR too low": ("lr_too_low",),
    "Underfitting": ("underfitting",),
    "Dying ReLU proxy": ("bad_initialization",),
    "Exploding gradient": ("diverged",),
}
SEVERITY = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "WARNING": "warning", "INFO": "info"}

Curves = tuple[list[float], list[float]]


def prepare(log: Log, folder: Path) -> Curves:
    """Training and validation loss by epoch, up to the first that is not finite."""
    train = log["train_loss"]
    vals = [(i, v) for i, v in enumerate(log.get("val_loss", ())) if v is not None]
    if vals:
        ends = [-1, *(i for i, _ in vals)]
        pairs = [(_mean(train[a + 1 : b + 1]), v) for (a, b), (_, v) in zip(pairwise(ends), vals, strict=True)]
    else:
        size = max(1, len(train) // EPOCHS)
        pairs = [(m, m) for i in range(0, len(train), size) for m in [_mean(train[i : i + size])]]
    sound = next((i for i, pair in enumerate(pairs) if not all(map(math.isfinite, pair))), len(pairs))
    return [t for t, _ in pairs[:sound]], [v for _, v in pairs[:sound]]


def _mean(values: object) -> float:
    known = [v for v in values if v is not None]  # type: ignore[attr-defined]
    return sum(known) / len(known) if known else math.nan


def judge(curves: Curves) -> list[Said]:
    """What it finds, worst first, as it orders them."""
    from sk_autod import diagnose

    found = diagnose(*curves).findings
    return [Said(f.detector_name, SEVERITY[f.severity.value], WORDS.get(f.detector_name, ())) for f in found]
