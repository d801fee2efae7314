"""The lines and marks of one panel as plain Plotly traces."""

import base64
from typing import Any

import numpy as np

from app.plot.panels import Line, Panel
from app.words import number
from diagnostics import view
from diagnostics.curve import Curve
from diagnostics.run import Run

FEW = 40  # points of a curve that are worth a dot each
Trace = dict[str, Any]


def axis(i: int) -> str:
    """Plotly's name of the y-axis of panel ``i``, counted from 1."""
    return "y" if i == 1 else f"y{i}"


def traces_of(run: Run, panel: Panel, i: int, window: int | None) -> list[Trace]:
    """All of a panel: its curves smoothed over ``window`` steps (None: a window that suits the run) and its best point."""
    lines = [
        trace for line in panel.lines if line.tag in run for trace in _curve(run[line.tag], panel, line, i, window)
    ]
    return lines + _best(run, panel, i)


def line(curve: Curve, name: str, i: int, **style: Any) -> Trace:
    """One curve as it is, thinned for drawing."""
    drawn = view.thin(curve)
    return {**_on(i, name, "lines"), "x": array(drawn.steps), "y": array(drawn.values), **style}


def array(values: "np.ndarray[Any, Any]") -> Trace:
    """Numbers as Plotly reads them fastest: base64 of little-endian doubles (steps beyond 2^31 fit too)."""
    return {"dtype": "f8", "bdata": base64.b64encode(values.astype("<f8").tobytes()).decode()}


def _on(i: int, name: str, mode: str) -> Trace:
    return {
        "type": "scatter",
        "xaxis": "x",
        "yaxis": axis(i),
        "name": name,
        "mode": mode,
        "cliponaxis": mode == "lines",
    }


def _curve(curve: Curve, panel: Panel, look: Line, i: int, window: int | None) -> list[Trace]:
    """The curve; when smoothed, its raw points too; and where it is NaN or infinite."""
    raw = view.thin(curve)
    steps = (view.window_for(curve) if window is None else window) if look.smooth else 0
    dots = len(curve) <= (FEW if look.dashed else 2)
    drawn = line(
        view.moving_average(curve, steps),
        look.name,
        i,
        mode="lines+markers" if dots else "lines",
        line={"color": f"${look.colour}", "width": 2, "dash": "dash" if look.dashed else "solid"},
        marker={"size": 5},
        hovertemplate=f"{panel.short}, {look.name} %{{y:.4~g}}<extra></extra>",
    )
    return [*([_broken(raw, i)] if raw.broken.size else []), *([_raw(raw, look, i)] if steps else []), drawn]


def _raw(raw: view.Drawn, look: Line, i: int) -> Trace:
    marker = {"color": f"${look.colour}Raw", "size": 3}
    points = {"x": array(raw.steps), "y": array(raw.values)}
    return {**_on(i, "raw points", "markers"), **points, "marker": marker, "hoverinfo": "skip"}


def _broken(raw: view.Drawn, i: int) -> Trace:
    marker = {"color": "$error", "size": 8, "symbol": "x", "line": {"width": 0}}
    points = {"x": array(raw.broken), "y": array(raw.broken_at)}
    hover = "not a finite number<extra></extra>"
    return {**_on(i, "NaN or Inf", "markers"), **points, "marker": marker, "hovertemplate": hover}


def _best(run: Run, panel: Panel, i: int) -> list[Trace]:
    """A star at the best validation point."""
    curve = run.get(panel.best or "")
    found = view.best(curve, largest=panel.best_is_largest) if curve else None
    if not found:
        return []
    marker = {"color": "$val", "size": 11, "symbol": "star"}
    hover = f"best {number(found[1])} at step {number(found[0])}<extra></extra>"
    star = {"x": [found[0]], "y": [found[1]], "marker": marker, "hovertemplate": hover}
    return [{**_on(i, "best", "markers"), **star}]
