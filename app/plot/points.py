"""The points of one trace, for the figure and for the browser that has zoomed: thinned to its pixels, extremes kept."""

import base64
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from diagnostics import axis, heat, view
from diagnostics.axis import Axis
from diagnostics.curve import Curve, Floats
from diagnostics.run import Run

PER_CELL = 6  # points of a line where the heatmap has one column: 3 px are the least that shows a colour
Part = Literal["line", "raw", "broken", "where", "gap", "layers"]
Points = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """What a trace is drawn from: a tag, smoothed over ``window`` steps; 1 is the attempts that a resume has superseded.

    ``part``: the line itself, raw points beside it, its NaN and Inf, or step, epoch and time of its points (for the hover);
    ``gap``: an edge of the area between training and validation; ``layers``: all layers' values of what ``tag`` names.
    """

    tag: str
    window: int = 0
    attempt: int = 0
    part: Part = "line"


@dataclass(frozen=True)
class Sight:
    """How the axis is looked at: what it counts, whether it is logarithmic, the stretch that is seen, points a trace."""

    x: Axis = "step"
    log: bool = False
    span: tuple[float, float] | None = None
    count: int = view.POINTS


def points(run: Run, source: Source, sight: Sight) -> Points | None:
    """What Plotly draws of ``source`` within ``sight``; None when ``run`` has no such curve."""
    if source.part == "layers":
        return cells(run, source.tag, sight)
    curve = (run.superseded if source.attempt else run.curves).get(source.tag)
    if curve is None or not len(curve):
        return None
    if source.part == "gap":
        return _edge(run, source, sight)
    drawn = _drawn(run, curve, source, sight)
    if source.part == "broken":
        return {"x": array(drawn.broken_x), "y": array(drawn.broken_at), "text": _kinds(drawn.broken_values)}
    found = {"x": array(drawn.x), "y": array(drawn.values), "logged": drawn.logged}
    return {**found, "customdata": _where(run, drawn)} if source.part == "where" else found


def _drawn(run: Run, curve: Curve, source: Source, sight: Sight) -> view.Drawn:
    x = axis.along(run, curve, sight.x)
    if not source.window:
        return view.thin(curve, sight.count, x=x, log=sight.log, span=sight.span)
    begin, end = view.inside(x, sight.span)
    smooth = view.moving_average(curve, source.window, begin, end)
    return view.thin(smooth, sight.count, x=x[begin:end], log=sight.log)


def _edge(run: Run, source: Source, sight: Sight) -> Points | None:
    """One edge of the area between the curves of training and validation, where both can be compared."""
    quantity = source.tag.partition("/")[2]
    train, val = run.get(f"train/{quantity}"), run.get(f"val/{quantity}")
    if train is None or val is None:
        return None
    edges = {curve.tag: curve for curve in view.gap(train, val, source.window)}
    drawn = _drawn(run, edges[source.tag], Source(source.tag), sight)
    return {"x": array(drawn.x), "y": array(drawn.values), "logged": drawn.logged}


def cells(run: Run, quantity: str, sight: Sight) -> Points | None:
    """A heatmap's columns: the colour is the decade, what the hover says the value; four bytes a number are enough."""
    if quantity not in heat.MEASURED or not len(heat.table(run, quantity)[1]):
        return None
    x = axis.at(run, heat.table(run, quantity)[1], sight.x)
    begin, end = view.inside(x, sight.span)
    if sight.log:
        begin = max(begin, int(np.searchsorted(x, 0, side="right")))  # 0 has no place there
    if begin >= end:
        return None
    found = heat.heat(run, quantity, x[begin:end], sight.count // PER_CELL, log=sight.log, begin=begin)
    return {"x": array(found.edges), "z": _grid(found.decades), "customdata": _grid(found.values)}


def _grid(values: heat.Grid) -> Points:
    raw = base64.b64encode(values.astype("<f4").tobytes()).decode()
    return {"dtype": "f4", "bdata": raw, "shape": f"{values.shape[0]},{values.shape[1]}"}


def _kinds(values: Floats) -> list[str]:
    return ["NaN" if np.isnan(v) else "+Inf" if v > 0 else "-Inf" for v in values]


def _where(run: Run, drawn: view.Drawn) -> Points:
    """Step, epoch and hours of each point, as rows."""
    rows = np.column_stack([drawn.steps, *(axis.at(run, drawn.steps, x) for x in ("epoch", "time"))])
    return {**array(rows), "shape": f"{rows.shape[0]},{rows.shape[1]}"}


def array(values: "np.ndarray[Any, Any]") -> Points:
    """Numbers as Plotly reads them fastest: base64 of little-endian doubles (steps beyond 2^31 fit too)."""
    return {"dtype": "f8", "bdata": base64.b64encode(values.astype("<f8").tobytes()).decode()}
