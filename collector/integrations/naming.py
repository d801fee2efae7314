"""The tag of a value under the name that a framework's user gave it."""

import re

from collector.tags import QUANTITIES, SPLITS

STEP, EPOCH = "_step", "_epoch"  # what Lightning adds to the names of a value that is logged both ways
DATALOADER = re.compile(r"/dataloader_idx_(\d+)$")  # and to those of several validation sets


def tag(name: str, split: str) -> str:
    """``val_acc`` → ``val/accuracy``, ``loss/train`` → ``train/loss``; a name that tells no split is of ``split``.

    A name with a slash but no split we know is a tag already. Nothing here becomes a tag that the collector measures itself
    (``optim/lr``, ``grad/norm`` …): what users log under such a name is often something else, a norm before clipping say.
    """
    name, loader = _loader(name)
    words = re.split(r"[/_.\- ]", name)
    first, last = SPLITS.get(words[0].lower()), SPLITS.get(words[-1].lower())
    if len(words) > 1 and first:
        split, name = first, name[len(words[0]) + 1 :]
    elif len(words) > 1 and last:
        split, name = last, name[: -len(words[-1]) - 1]
    elif "/" in name:
        return name + loader
    return f"{split}/{QUANTITIES.get(name.lower(), name)}{loader}"


def unforked(names: list[str]) -> dict[str, str]:
    """What to call the values that Lightning gives under ``names``, without those it gives twice.

    ``acc_step`` is ``acc``, and so is ``acc_epoch`` where the plain name is there too; alone, a mean keeps its suffix.
    """
    have = set(names)
    plain = {name: name.removesuffix(STEP) for name in names}
    twice = {name for name in names for end in (STEP, EPOCH) if name.endswith(end) and name.removesuffix(end) in have}
    return {name: plain[name] for name in names if name not in twice}


def _loader(name: str) -> tuple[str, str]:
    """The name and, from the second validation set on, ``/<index>`` as further learning rates have it."""
    match = DATALOADER.search(name)
    if match is None:
        return name, ""
    return name[: match.start()], "" if match[1] == "0" else f"/{match[1]}"
