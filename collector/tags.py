"""From the keyword that was logged to the tag that is stored."""

from typing import Any

from collector import clean, schema

TRAIN, VAL = "train", "val"
KNOWN = {
    "lr": schema.LR,
    "learning_rate": schema.LR,
    "grad_norm": schema.GRAD_NORM,
    "update_ratio": schema.UPDATE_RATIO,
    "step_time": schema.STEP_TIME,
}


def tag_of(given: Any, split: str) -> str:
    """The tag of a keyword: ``loss`` → ``<split>/loss``, ``val_loss`` → ``val/loss``, ``lr`` → ``optim/lr``.

    A name with a slash is a tag already. What no file could hold or no legend show is cleaned.
    """
    name = clean.tag(given if isinstance(given, str) else str(given))
    if "/" in name:
        return name
    if name in KNOWN:
        return KNOWN[name]
    for other in (TRAIN, VAL):
        if name.startswith(f"{other}_") and name != f"{other}_":
            return f"{other}/{name[len(other) + 1 :]}"
    return f"{split}/{name}"
