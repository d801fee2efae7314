"""What runs have logged, training and validation of one quantity under one name."""

from collections.abc import Iterable

from collector.schema import EXCESS_LOSS, GRAD_NORM, LR, UPDATE_ALIGNMENT, UPDATE_RATIO
from diagnostics.run import Run

SPLITS = ("train/", "val/")
FIRST = ("loss", "accuracy", LR, UPDATE_RATIO, UPDATE_ALIGNMENT, EXCESS_LOSS, GRAD_NORM)  # what is asked for most
NAMES = {
    "loss": "Loss",
    "accuracy": "Accuracy",
    LR: "Learning rate",
    UPDATE_RATIO: "Update ratio",
    UPDATE_ALIGNMENT: "Update alignment",
    EXCESS_LOSS: "Excess loss",
    GRAD_NORM: "Gradient norm",
}


def quantities(runs: Iterable[Run]) -> list[str]:
    """What can be drawn: tags, those of training and validation under one name; the most asked for first."""
    tags = dict.fromkeys(tag for run in runs for tag in run.curves)
    found = sorted({quantity(tag) for tag in tags})
    return [q for q in FIRST if q in found] + [q for q in found if q not in FIRST]


def quantity(tag: str) -> str:
    """What ``tag`` measures, whether in training or in validation."""
    return next((tag.removeprefix(split) for split in SPLITS if tag.startswith(split)), tag)


def tags(run: Run, wanted: str) -> list[str]:
    """The tags of ``run`` that measure the quantity ``wanted`` and have points."""
    return sorted(tag for tag in run.curves if quantity(tag) == wanted and len(run[tag]))
