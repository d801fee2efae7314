"""Parallel coordinates: a line for each run through its hyperparameters to its score, coloured by rank."""

from collections.abc import Sequence
from typing import Any

from app.fields import Value
from app.plot.palette import PALETTE, by_rank
from app.plot.scales import scale
from app.plot.text import text

HEIGHT = 460  # px
Figure = dict[str, Any]


def parallel(columns: Sequence[tuple[str, Sequence[Value]]], ranks: Sequence[int]) -> Figure:
    """One axis a column (title and a value for each run), the score last; ``ranks`` [n] begin with 1 for the best."""
    line = colour(ranks)
    trace = {
        "type": "parcoords",
        "line": line,
        "dimensions": [_dimension(title, values) for title, values in columns],
        "labelfont": {"size": 13},
        "tickfont": {"size": 11},
        "rangefont": {"size": 1, "color": "rgba(0,0,0,0)"},  # the ticks say it
        "unselected": {"line": {"opacity": 0.05}},
    }
    layout = {
        "height": HEIGHT,
        "margin": {"l": 70, "r": 30, "t": 56, "b": 24},
        "uirevision": str([t for t, _ in columns]),
    }
    return {"traces": [trace], "layout": layout, "palette": PALETTE}


def _dimension(title: str, values: Sequence[Value]) -> Figure:
    found = scale(values)
    ticks = {"tickvals": found.ticks, "ticktext": [text(t) for t in found.texts]}
    return {"label": text(title), "values": found.at, "range": found.range, **ticks}


def colour(ranks: Sequence[int]) -> Figure:
    """A colour for each of ``ranks`` and the key to it, the best on top."""
    last = max(ranks, default=1)
    ticks = {"tickvals": [-1, -last], "ticktext": ["best", f"{last:,}"]} if last > 1 else {"tickvals": []}
    key = {"title": {"text": "rank", "side": "top"}, "thickness": 10, "len": 0.6, "outlinewidth": 0, **ticks}
    scale = {"colorscale": by_rank(), "cmin": -last, "cmax": -1}
    return {"color": [-rank for rank in ranks], **scale, "showscale": True, "colorbar": key}
