"""Layer by step, as colours: where the updates are too large or too small, and how large the gradients are."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from app.plot.figure import BOTTOM, TOP, axis_of, identity, linked
from app.plot.points import Sight, Source, points
from app.plot.text import text
from app.plot.x_axis import XAxis
from diagnostics import heat
from diagnostics.run import Run

APART = 13  # px between two letters
ROW, LOWEST, TALLEST = 18, 120, 420  # px: of a layer; of all layers
DECADES = (-6, 0)  # of the update ratio that have colours: three on either side of 1e-3
DIVERGING = ("$low3", "$low2", "$low1", "$even", "$high1", "$high2", "$high3")
SEQUENTIAL = ("$heat0", "$heat1", "$heat2", "$heat3", "$heat4")
NAMES = {heat.RATIO: "update ratio", heat.NORM: "gradient norm"}
LETTERS = "ABCDEFGH"  # the worst layers are called so at the axis, where no name would fit

Figure = dict[str, Any]


def figure(run: Run, quantity: str, worst: pd.DataFrame, *, sight: Sight, key: str | None) -> Figure | None:
    """The map of ``quantity`` over the axis of the curves; ``worst`` are the layers to mark. None without layers."""
    found = points(run, Source(quantity, part="layers"), sight)
    if found is None:
        return None
    names = heat.table(run, quantity)[0]
    meta = {"run": key, "tag": quantity, "window": 0, "attempt": 0, "part": "layers", "x": sight.x}
    trace = {"type": "heatmap", **found, "y": [text(name) for name in names], **_colours(quantity), **_hover(quantity)}
    along = XAxis(run, sight.x, sight.log)
    return {"traces": [{**trace, **({"meta": meta} if key else {})}], "layout": _layout(along, names, worst, sight)}


def _colours(quantity: str) -> Figure:
    names = DIVERGING if quantity == heat.RATIO else SEQUENTIAL
    scale = [[i / (len(names) - 1), name] for i, name in enumerate(names)]
    ends = {"zmin": DECADES[0], "zmax": DECADES[1]} if quantity == heat.RATIO else {}
    return {"colorscale": scale, **ends, "colorbar": _bar(quantity)}


def _bar(quantity: str) -> Figure:
    """The key to the colours, in the room above."""
    at = list(range(-12, 13, 3 if quantity == heat.RATIO else 2))
    ticks = {"tickvals": at, "ticktext": [f"1e{decade}" for decade in at], "ticks": "", "tickfont": {"size": 11}}
    place = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "len": 0.5, "thickness": 8}
    return {**place, **ticks, "outlinewidth": 0, "ypad": 4, "xpad": 0}


def _hover(quantity: str) -> Figure:
    return {"hovertemplate": f"%{{y}}<br>{NAMES[quantity]} %{{customdata:.3~g}}<br>at about %{{x:.6~g}}<extra></extra>"}


def _layout(along: XAxis, names: Sequence[str], worst: pd.DataFrame, sight: Sight) -> Figure:
    height = min(max(ROW * len(names), LOWEST), TALLEST) + TOP + BOTTOM
    letters = _letters([int(row) for row in worst["row"]], APART * len(names) / (height - TOP - BOTTOM))
    return {
        "height": height,
        "margin": {"l": 52, "r": 10, "t": TOP, "b": BOTTOM},
        "uirevision": identity(along.run, sight),
        "hovermode": "closest",
        "meta": {"lastStep": along.run.last_step, **linked(along)},
        "xaxis": {"nticks": 8, "showgrid": False, **axis_of(along)},
        "yaxis": {
            "type": "category",
            "autorange": "reversed",
            "fixedrange": True,
            "tickvals": list(letters),
            "ticktext": [f"<b>{letter}</b>" for letter in letters.values()],
            "showgrid": False,
        },
        "annotations": [],
        "shapes": [],
        "dragmode": "zoom",
    }


def _letters(rows: Sequence[int], apart: float) -> dict[int, str]:
    """The letter at each row; of rows closer than ``apart`` only the worst has one at the axis, the list has all."""
    shown: dict[int, str] = {}
    for row, letter in zip(rows, LETTERS, strict=False):
        if all(abs(row - other) >= apart for other in shown):
            shown[row] = letter
    return shown
