"""Two hyperparameters against each other, each run a point coloured by its rank: where do the good ones lie?"""

from collections.abc import Sequence
from typing import Any

from app.fields import Value
from app.plot.palette import PALETTE
from app.plot.parallel import colour
from app.plot.scales import Scale, scale
from app.plot.text import text

HEIGHT = 500  # px
Figure = dict[str, Any]


def scatter(
    keys: Sequence[str],
    names: Sequence[str],
    x: tuple[str, Sequence[Value]],
    y: tuple[str, Sequence[Value]],
    score: tuple[str, Sequence[str]],
    ranks: Sequence[int],
) -> Figure:
    """One point a run: ``x`` and ``y`` are titles and values, ``score`` a title and what the screen prints, [n] each."""
    across, up = scale(x[1]), scale(y[1])
    order = sorted(range(len(keys)), key=lambda i: -ranks[i])  # the best is drawn last, on top
    said = [f"<b>{text(names[i])}</b><br>{text(score[0])} {score[1][i]} (rank {ranks[i]})" for i in order]
    marker = {
        **colour([ranks[i] for i in order]),
        "symbol": ["star" if ranks[i] == 1 else "circle" for i in order],
        "size": [16 if ranks[i] == 1 else 10 for i in order],
        "opacity": 1,
        "line": {"width": 1, "color": "$other"},
    }
    places = {"x": [across.at[i] for i in order], "y": [up.at[i] for i in order], "ids": [keys[i] for i in order]}
    trace = {"type": "scatter", "mode": "markers", **places, "marker": marker, "text": said, "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip
    return {"traces": [trace], "layout": _layout(x[0], y[0], across, up), "palette": PALETTE}


def _layout(x: str, y: str, across: Scale, up: Scale) -> Figure:
    return {
        "height": HEIGHT,
        "margin": {"l": 70, "r": 20, "t": 20, "b": 56},
        "hovermode": "closest",
        "uirevision": f"{x}.{y}",
        "xaxis": _axis(x, across),
        "yaxis": _axis(y, up) | {"automargin": True},
    }


def _axis(title: str, found: Scale) -> Figure:
    ticks = {"tickmode": "array", "tickvals": found.ticks, "ticktext": [text(t) for t in found.texts]}
    return {
        "title": {"text": text(title) + (" (log)" if found.log else ""), "standoff": 10},
        "range": found.range,
        **ticks,
    }
