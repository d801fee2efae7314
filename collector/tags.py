"""From the keyword that was logged to the tag that is stored."""

from typing import Any

from collector import clean, schema

TRAIN, VAL, TEST = "train", "val", "test"
SPLITS = {  # what people call them
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "eval", "dev"), VAL),
    "test": TEST,
}
QUANTITIES = {
    "loss": "loss",
    **dict.fromkeys(("acc", "accuracy", "top1_accuracy"), "accuracy"),
    **dict.fromkeys(("binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"), "accuracy"),  # Keras
}
KNOWN = {
    "lr": schema.LR,
    "learning_rate": schema.LR,
    "grad_norm": schema.GRAD_NORM,
    "update_ratio": schema.UPDATE_RATIO,
    "update_alignment": schema.UPDATE_ALIGNMENT,
    "step_time": schema.STEP_TIME,
}


def tag_of(given: Any, split: str) -> str:
    """The tag of a keyword: ``loss`` → ``<split>/loss``, ``val_loss`` and ``valid_loss`` → ``val/loss``, ``acc`` → ``<split>/accuracy``, ``lr`` → ``optim/lr``.

    A name with a slash is a tag already. What no file could hold or no legend show is cleaned.
    """
    name = clean.tag(given if isinstance(given, str) else str(given))
    if "/" in name:
        return name
    if name in KNOWN:
        return KNOWN[name]
    first, _, rest = name.partition("_")
    if first in SPLITS and rest:
        split, name = SPLITS[first], rest
    return f"{split}/{QUANTITIES.get(name, name)}"
