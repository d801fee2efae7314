"""The lines and marks of one panel as plain Plotly traces."""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.plot.panels import Line, Panel
from app.plot.points import Sight, Source, array, points
from app.words import figure, number
from diagnostics import axis as x_axis
from diagnostics import view
from diagnostics.curve import Curve
from diagnostics.rule import MIN_POINTS
from diagnostics.run import Run

FEW = 40  # points of validation that are worth a dot each
FAINT = 0.4  # of a curve that counts no more
LAST, MARKS = 1000, ("raw points", "before the resume", "best", "NaN or Inf")  # in the legend, after the curves
Trace = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """What is asked of all curves of a stack. ``window``: steps of the moving average, None: what suits each curve.

    ``key`` names the run to the server, so that the browser can ask for more points; None: it cannot.
    """

    window: int | None = None
    sight: Sight = field(default_factory=Sight)
    key: str | None = None

    def window_of(self, curve: Curve, line: Line) -> int:
        """Steps that ``curve`` is smoothed over."""
        return (view.window_for(curve) if self.window is None else self.window) if line.smooth else 0


def axis(i: int) -> str:
    """Plotly's name of the y-axis of panel ``i``, counted from 1."""
    return "y" if i == 1 else f"y{i}"


def traces_of(run: Run, panel: Panel, i: int, look: Look) -> list[Trace]:
    """All of a panel: its curves, smoothed or not, the gap between them, and its best point."""
    lines = [trace for one in panel.lines if one.tag in run for trace in _curve(run, panel, one, i, look)]
    return [*_gap(run, panel, i, look), *lines, *_best(run, panel, i, look)]


def line(curve: Curve, name: str, i: int, **style: Any) -> Trace:
    """One curve as it is, thinned for drawing."""
    drawn = view.thin(curve)
    return {**_on(i, name, "lines"), "x": array(drawn.steps), "y": array(drawn.values), **style}


def where(run: Run, panel: Panel, look: Look) -> list[Trace]:
    """An unseen line that tells the crosshair what else is known of its place: step, epoch, hours."""
    tag = next((one.tag for one in panel.lines if one.tag in run), None)
    said = _said(run, look)
    if tag is None or not said:
        return []
    unseen = {"opacity": 0, "showlegend": False, "hovertemplate": f"{said}<extra></extra>", "line": {"color": "$other"}}
    return _trace(run, Source(tag, part="where"), look, 1, "where", "lines", **unseen)


def _said(run: Run, look: Look) -> str:
    known = x_axis.axes_of(run)
    short = {
        "step": "step %{customdata[0]:,.0f}",
        "epoch": "epoch %{customdata[1]:.4~g}",
        "time": "%{customdata[2]:.4~g} h",
    }
    return " · ".join(short[x] for x in known if x != look.sight.x)


def _on(i: int, name: str, mode: str) -> Trace:
    return {
        "type": "scatter",
        "xaxis": "x",
        "yaxis": axis(i),
        "name": name,
        "mode": mode,
        "cliponaxis": mode == "lines",
        "legendrank": LAST + MARKS.index(name) if name in MARKS else LAST - 1,
    }


def _trace(run: Run, source: Source, look: Look, i: int, name: str, mode: str, **style: Any) -> list[Trace]:
    """One trace of a curve; ``meta`` says how to ask the server for more of its points."""
    found = points(run, source, look.sight)
    if found is None:
        return []
    meta = {"run": look.key, "tag": source.tag, "window": source.window, "attempt": source.attempt, "part": source.part}
    asked = {"meta": {**meta, "x": look.sight.x}} if look.key else {}
    found.pop("logged", None)
    uid = re.sub(r"\W", "-", f"{axis(i)}.{source.tag}.{source.part}.{source.attempt}")  # Plotly makes a CSS class of it
    return [{**_on(i, name, mode), **found, **asked, "uid": uid, **style}]


def _named(panel: Panel, one: Line) -> str:
    """A line that is alone in its panel is called like it."""
    return panel.short if len(panel.lines) == 1 else f"{panel.short}, {one.name}"


def _curve(run: Run, panel: Panel, one: Line, i: int, look: Look) -> list[Trace]:
    """The curve; when smoothed, its raw points too; where it is NaN or infinite; and what a resume has superseded."""
    window = look.window_of(run[one.tag], one)
    ghosts = _ghost(run, panel, one, i, look, window)
    raw = _raw(run, panel, one, i, look) if window else []
    return [*ghosts, *_broken(run, panel, one, i, look), *raw, *_line(run, panel, one, i, look, window)]


def _line(run: Run, panel: Panel, one: Line, i: int, look: Look, window: int) -> list[Trace]:
    count = len(run[one.tag])
    dots = count <= FEW if one.dashed else count < MIN_POINTS  # a verdict on so few rests on validation
    style = {
        "line": {"color": f"${one.colour}", "width": 2, "dash": "dash" if one.dashed else "solid"},
        "marker": {"size": 5},
        "hovertemplate": f"{_named(panel, one)} %{{y:.4~g}}<extra></extra>",
    }
    mode = "lines+markers" if dots else "lines"
    return _trace(run, Source(one.tag, window), look, i, one.name, mode, **style)


def _raw(run: Run, panel: Panel, one: Line, i: int, look: Look) -> list[Trace]:
    """The points as logged: dots, or, when they had to be thinned, a faint line from extreme to extreme."""
    style = {
        "marker": {"color": f"${one.colour}Raw", "size": 3},
        "line": {"color": f"${one.colour}Raw", "width": 1},
        "hovertemplate": f"{_named(panel, one)}, raw %{{y:.4~g}}<extra></extra>",
        "showlegend": False,  # too faint to be seen there; the line above the chart says what is faint
    }
    mode = "markers" if len(run[one.tag]) <= look.sight.count else "lines"
    return _trace(run, Source(one.tag, part="raw"), look, i, "raw points", mode, **style)


def _broken(run: Run, panel: Panel, one: Line, i: int, look: Look) -> list[Trace]:
    if np.isfinite(run[one.tag].values).all():
        return []
    marker = {"color": "$error", "size": 8, "symbol": "x", "line": {"width": 0}}
    hover = f"{_named(panel, one)} is %{{text}}<extra></extra>"
    source = Source(one.tag, part="broken")
    return _trace(run, source, look, i, "NaN or Inf", "markers", marker=marker, hovertemplate=hover)


def _ghost(run: Run, panel: Panel, one: Line, i: int, look: Look, window: int) -> list[Trace]:
    """Points that a resume has rewound over: kept in sight, judged by no rule."""
    style = {
        "line": {"color": f"${one.colour}", "width": 1.5, "dash": "dash" if one.dashed else "solid"},
        "opacity": FAINT,
        "hovertemplate": f"{_named(panel, one)}, before the resume %{{y:.4~g}}<extra></extra>",
    }
    return _trace(run, Source(one.tag, window, attempt=1), look, i, "before the resume", "lines", **style)


def _gap(run: Run, panel: Panel, i: int, look: Look) -> list[Trace]:
    """The distance of two curves as an area between them; its name says how wide it is at the end."""
    if panel.gap is None or any(tag not in run for tag in panel.gap):
        return []
    window = look.window_of(run[panel.gap[0]], panel.lines[0])
    train, val = view.gap(run[panel.gap[0]], run[panel.gap[1]], window)
    if not len(train):
        return []
    wide = f"gap at the end {figure(float(train.values[-1] - val.values[-1]))}"
    unseen = {"line": {"width": 0, "color": "$train"}, "hoverinfo": "skip", "showlegend": False}
    filled = {**unseen, "fill": "tonexty", "fillcolor": "$trainFill"}
    edges = zip(panel.gap, (unseen, filled), strict=True)
    return [
        t for tag, style in edges for t in _trace(run, Source(tag, window, part="gap"), look, i, wide, "lines", **style)
    ]


def _best(run: Run, panel: Panel, i: int, look: Look) -> list[Trace]:
    """A star at the best validation point."""
    curve = run.get(panel.best or "")
    found = view.best(curve, largest=panel.best_is_largest) if curve else None
    if not found:
        return []
    marker = {"color": "$val", "size": 11, "symbol": "star"}
    hover = f"best {number(found[1])} at step {number(found[0])}<extra></extra>"
    place = float(x_axis.at(run, np.asarray([found[0]]), look.sight.x)[0])
    return [{**_on(i, "best", "markers"), "x": [place], "y": [found[1]], "marker": marker, "hovertemplate": hover}]
