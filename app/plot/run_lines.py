"""The lines of one run in an overlay: a colour for each run, training solid and validation dashed."""

import re
from typing import Any

import numpy as np

from app.plot import palette
from app.plot.drawn import Drawn, Look
from app.plot.points import Sight, Source, points
from app.plot.quantities import SPLITS
from app.plot.text import text
from app.plot.traces import axis
from app.plot.x_axis import HOVERS

CROSSHAIR = 6  # runs up to which one box beside the crosshair still names every line
CROSSES = 8  # marks a stretch of NaN, about: where it begins and ends says all
SYMBOLS = 8  # on a line, where the colours are used up
RAW = 3  # runs up to which the raw points behind a moving average can be told apart
Figure = dict[str, Any]


def run_lines(one: Drawn, tag: str, i: int, look: Look, count: int, runs: int) -> list[Figure]:
    """The curve ``tag`` of ``one`` in panel ``i``, its raw points where they can be told apart, and where it is NaN or infinite."""
    window, colour = look.window_of(one.run, tag), palette.colour(one.mark)
    where = "" if runs <= CROSSHAIR else f", {HOVERS[look.x]}"  # the crosshair's own box says it
    style = {**line(one.mark, tag), "opacity": 0.9, "hovertemplate": f"{_said(one, tag)} %{{y:.4~g}}{where}<extra></extra>"}  # fmt: skip
    raw = {"mode": "markers", "marker": {"color": colour, "size": 3}, "opacity": 0.22, "hoverinfo": "skip"}
    cross = {"mode": "markers", "marker": {"color": colour, "size": 7, "symbol": "x-thin", "line": {"width": 2, "color": colour}}, "hovertemplate": f"{_said(one, tag)} is %{{text}}{where}<extra></extra>"}  # fmt: skip
    behind = _trace(one, Source(tag), i, look, count, raw) if window and runs <= RAW else []
    whole = np.isfinite(one.run[tag].values).all()
    broken = [] if whole else _trace(one, Source(tag, part="broken"), i, look, CROSSES, cross)
    return [*behind, *_trace(one, Source(tag, window), i, look, count, style), *broken]


def _said(one: Drawn, tag: str) -> str:
    return f"<b>{text(one.run.name)}</b>, {text(tag)}"


def line(mark: int, tag: str) -> Figure:
    """Training solid, validation dashed; once the colours are used up, a few symbols on the line tell two runs apart."""
    colour, symbol = palette.colour(mark), palette.symbol(mark)
    stroke = {"color": colour, "width": 1.8, "dash": "dash" if tag.startswith(SPLITS[1]) else "solid"}
    if not symbol:
        return {"mode": "lines", "line": stroke}
    marker = {"color": colour, "size": 6, "symbol": symbol, "maxdisplayed": SYMBOLS}
    return {"mode": "lines+markers", "line": stroke, "marker": marker}


def _trace(one: Drawn, source: Source, i: int, look: Look, count: int, style: Figure) -> list[Figure]:
    """One trace; ``meta`` says how the browser asks for more of its points when it zooms."""
    found = points(one.run, source, Sight(look.x, look.log_x, None, count))
    if found is None:
        return []
    found.pop("logged", None)
    asked = {"tag": source.tag, "window": source.window, "attempt": source.attempt, "part": source.part, "x": look.x}
    uid = re.sub(r"\W", "-", f"{one.key}.{axis(i)}.{source.tag}.{source.part}.{style['mode']}")  # a CSS class
    return [{**on(i, one.run.name), **found, "meta": {"run": one.key, **asked}, "uid": uid, **style}]


def on(i: int, name: str) -> Figure:
    """A trace of the run ``name`` in panel ``i``, still without points."""
    return {"type": "scatter", "xaxis": "x", "yaxis": axis(i), "name": text(name)}
