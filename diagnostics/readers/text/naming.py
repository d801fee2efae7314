"""The names of the quantities of one line: which part of the data they are about is said once, and holds for what follows."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from diagnostics.readers.text.shape import Measure
from diagnostics.readers.text.words import EVALUATION, QUALITY, part_of
from diagnostics.readers.understanding.names import plain


class Named(NamedTuple):
    """A quantity as it was found: its own words, its token, the part of the data, and as in ``Measure``."""

    name: str
    at: int
    section: str
    of: int | None = None
    label: int | None = None


def measures(found: Sequence[Named], starred: bool) -> list[Measure]:
    """The quantities under their final names, no name twice.

    Args:
        found: in the order of the line.
        starred: the line begins with a star, as the end of an evaluation does in torchvision's and timm's scripts.
    """
    said = [part_of(quantity.name) for quantity in found]
    often = Counter(plain(quantity.name) for quantity in found)
    about, carried = _about(said), ""
    taken: Counter[str] = Counter()
    result = []
    for (name, at, section, share, label), own in zip(found, said, strict=True):
        section = section or (about if QUALITY.search(name) else "")
        before = "" if own else _before(section, carried, often[plain(name)] > 1)
        carried = own or carried
        full = f"{before}/{name}" if before else f"* {name}" if starred and not own else name
        taken[full] += 1
        full = f"{full} ({taken[full]})" if taken[full] > 1 and label is None else full
        result.append(Measure(full, at, share, label))
    return result


def _before(section: str, carried: str, repeated: bool) -> str:
    """What to put before a name that does not say its part of the data: needed for evaluations, and for a repeated name."""
    if section.lower() in EVALUATION:
        return section
    return carried or section if repeated else ""


def _about(said: Sequence[str]) -> str:
    """The data that the whole line is about: ``val Loss: 0.4 Acc: 0.8`` says it once."""
    first = said[0] if said else ""
    return first if first.lower() in EVALUATION and all(s.lower() in EVALUATION for s in said if s) else ""
