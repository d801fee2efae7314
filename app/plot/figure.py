"""A run's chart stack as a plain Plotly figure: one x-axis of steps, one y-axis a panel."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from app.plot.panels import Line, Panel
from app.words import number
from diagnostics import view
from diagnostics.curve import Curve
from diagnostics.run import Run

TITLE, GAP, TOP, BOTTOM = 24, 18, 44, 40  # px: a panel's title, the space below it, room for legend and step axis
Figure = dict[str, Any]


def stack(run: Run, panels: Sequence[Panel], *, window: int | None, log: bool) -> Figure:
    """The curves of ``run``. ``window``: steps of the moving average, None to choose; ``log``: a log axis for the loss."""
    traces = [
        t for i, p in enumerate(panels, 1) for line in p.lines if line.tag in run for t in _line(run, line, i, window)
    ]
    for trace in traces:  # where a panel has one line, its title names it
        trace["showlegend"] = trace["name"] not in {p.lines[0].name for p in panels if len(p.lines) == 1}
    traces += [t for i, p in enumerate(panels, 1) for t in _best(run, p, i)]
    names: set[str] = set()
    for trace in traces:  # the same line in two panels has one entry in the legend
        trace["showlegend"] = trace.get("showlegend", True) and trace["name"] not in names
        names.add(trace["name"])
    return {
        "traces": traces,
        "layout": layout(panels, log=log, last_step=run.last_step, identity=run.source or run.name),
    }


def layout(panels: Sequence[Panel], *, log: bool, last_step: int, identity: str) -> Figure:
    """Axes, titles and sizes of a stack of ``panels``; the zoom lasts as long as ``identity`` stays the same."""
    height = sum(p.height + TITLE + GAP for p in panels) + TOP + BOTTOM
    inner, top = height - TOP - BOTTOM, 0
    made: Figure = {
        "height": height,
        "margin": {"l": 52, "r": 10, "t": TOP, "b": BOTTOM},
        "uirevision": identity,
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "yref": "paper", "font": {"size": 12}},
        "meta": {"lastStep": last_step},
        "xaxis": {
            "title": {"text": "step", "standoff": 6},
            "anchor": _y(len(panels)),
            "uirevision": last_step,
            "tickformat": "~s",
            "nticks": 8,
            "autorangeoptions": {"clipmin": 0},
        },
        "annotations": [],
        "shapes": [],
        "dragmode": "zoom",
    }
    for i, panel in enumerate(panels, 1):
        upper, lower = 1 - (top + TITLE) / inner, 1 - (top + TITLE + panel.height) / inner
        logarithmic = panel.log or (log and i == 1)
        made["yaxis" + str(i) * (i > 1)] = _axis(logarithmic, (max(lower, 0), upper), from_zero=panel.from_zero)
        made["annotations"].append(_title(panel.title, 1 - top / inner))
        made["shapes"] += _guides(panel, _y(i))
        top += panel.height + TITLE + GAP
    return made


def _y(i: int) -> str:
    return "y" + str(i) * (i > 1)


def _axis(log: bool, domain: tuple[float, float], *, from_zero: bool) -> Figure:
    shared = {"domain": domain, "anchor": "x", "nticks": 5, "automargin": False}
    return (
        {**shared, "type": "log", "exponentformat": "e", "nticks": 4}
        if log
        else {**shared, "tickformat": "~g", "rangemode": "tozero" if from_zero else "normal"}
    )


def _title(text: str, y: float) -> Figure:
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": y, "xanchor": "left", "yanchor": "top", "showarrow": False}
    return {"text": f"<b>{text}</b>", "font": {"size": 12}, **place}


def _guides(panel: Panel, y: str) -> list[Figure]:
    """The level to aim for and the band around it."""
    across = {"xref": "paper", "x0": 0, "x1": 1, "yref": y, "layer": "below"}
    shapes: list[Figure] = []
    if panel.band:
        low, high = panel.band
        shapes.append({"type": "rect", **across, "y0": low, "y1": high, "fillcolor": "$goodFill", "line": {"width": 0}})
    if panel.guide:
        line = {"color": "$good", "width": 1, "dash": "dot"}
        shapes.append({"type": "line", **across, "y0": panel.guide, "y1": panel.guide, "line": line, "layer": "above"})
    return shapes


def _line(run: Run, line: Line, i: int, window: int | None) -> list[Figure]:
    """The curve; when smoothed, its raw points too; and where it is NaN or infinite."""
    curve = run[line.tag]
    steps = (view.window_for(curve) if window is None else window) if line.smooth else 0
    raw, smooth = view.thin(curve), view.thin(view.moving_average(curve, steps))
    drawn = [_broken(raw, i)] if raw.broken.size else []
    if steps:
        drawn.append(_raw(raw, line, i))
    dash = "dash" if line.dashed else "solid"
    mode = "lines+markers" if (line.dashed and len(curve) <= 40) or len(curve) < 3 else "lines"
    style = {"line": {"color": f"${line.colour}", "width": 2, "dash": dash}, "marker": {"size": 5}}
    return [
        *drawn,
        {**_at(i), **style, "mode": mode, "name": line.name, "x": _array(smooth.steps), "y": _array(smooth.values)},
    ]


def _raw(raw: view.Drawn, line: Line, i: int) -> Figure:
    marker = {"color": f"${line.colour}Raw", "size": 3}
    points = {"mode": "markers", "marker": marker, "name": "raw points", "hoverinfo": "skip"}
    return {**_at(i), **points, "x": _array(raw.steps), "y": _array(raw.values)}


def _broken(raw: view.Drawn, i: int) -> Figure:
    marker = {"color": "$error", "size": 8, "symbol": "x", "line": {"width": 0}}
    points = {
        "mode": "markers",
        "marker": marker,
        "name": "NaN or Inf",
        "hovertemplate": "not a finite number<extra></extra>",
    }
    return {**_at(i), **points, "x": _array(raw.broken), "y": _array(raw.broken_at)}


def _best(run: Run, panel: Panel, i: int) -> list[Figure]:
    """A star at the best validation point."""
    curve = run.get(panel.best or "")
    found = view.best(curve, largest=panel.best_is_largest) if curve else None
    if not found:
        return []
    marker = {"color": "$val", "size": 11, "symbol": "star"}
    text = f"best {number(found[1])} at step {number(found[0])}<extra></extra>"
    return [
        {
            **_at(i),
            "mode": "markers",
            "marker": marker,
            "name": "best",
            "x": [found[0]],
            "y": [found[1]],
            "hovertemplate": text,
        }
    ]


def _at(i: int) -> Figure:
    return {"type": "scatter", "xaxis": "x", "yaxis": _y(i)}


def _array(values: "np.ndarray[Any, Any]") -> Figure:
    """Numbers as Plotly reads them fastest: base64 of little-endian doubles (steps beyond 2^31 fit too)."""
    return {"dtype": "f8", "bdata": base64.b64encode(values.astype("<f8").tobytes()).decode()}


def with_line(figure: Figure, curve: Curve, name: str, i: int = 1) -> Figure:
    """``figure`` with one more line, in the colour of what is proposed."""
    drawn = view.thin(curve)
    style = {"mode": "lines", "line": {"color": "$train", "width": 2.5}, "name": name}
    line = {**_at(i), **style, "x": _array(drawn.steps), "y": _array(drawn.values)}
    return {**figure, "traces": [{**trace, "showlegend": True} for trace in (*figure["traces"], line)]}
