"""How high the panels of several runs are: what a few of them would flatten is cut, and said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.plot.drawn import Drawn, Look
from app.plot.quantities import tags
from diagnostics import heights

AIR = 0.03  # of the height


@dataclass(frozen=True)
class Cut:
    """The heights that a panel shows, the names of the runs that leave them, and how far they go."""

    seen: heights.Range
    runs: tuple[str, ...]
    ends: heights.Range


def cuts(drawn: Sequence[Drawn], wanted: Sequence[str], look: Look) -> dict[str, Cut]:
    """Of the quantities ``wanted`` those of which a few runs would flatten all others, and what to show of them."""
    found = {q: _cut(drawn, q, look) for q in wanted}
    return {q: cut for q, cut in found.items() if cut}


def _cut(drawn: Sequence[Drawn], wanted: str, look: Look) -> Cut | None:
    log = look.log_of(wanted)
    found = [
        (one.run.name, heights.Extent(*ends, one.usual))
        for one in drawn
        for tag in tags(one.run, wanted)
        if (ends := heights.extent(one.run[tag], look.window_of(one.run, tag), log=log))
    ]
    seen = heights.usual([ends for _, ends in found], log=log)
    if seen is None:
        return None
    beyond = tuple(dict.fromkeys(name for name, ends in found if ends.beyond(seen)))
    return Cut(seen, beyond, (min(e.low for _, e in found), max(e.high for _, e in found)))


def axis_range(seen: heights.Range, *, log: bool) -> dict[str, Any]:
    """``seen`` as Plotly wants it, with a little air."""
    low, high = np.log10(seen) if log else seen
    air = AIR * (high - low)
    return {"range": [float(low - air), float(high + air)], "autorange": False}
