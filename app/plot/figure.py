"""A run's chart stack as a plain Plotly figure: one x-axis of steps, epochs or hours, one y-axis a panel."""

from collections.abc import Sequence
from hashlib import blake2s
from typing import Any

from app.plot.panels import Panel
from app.plot.points import Sight
from app.plot.traces import Look, axis, traces_of, where
from app.plot.x_axis import HOVERS, TICKS, TITLES, XAxis
from diagnostics.axis import Axis
from diagnostics.once import once
from diagnostics.run import Run

TITLE, GAP, TOP, BOTTOM = 24, 18, 44, 40  # px: a panel's title, the space below it, room for legend and step axis
FEW = 8  # steps that get a tick each
Figure = dict[str, Any]


def stack(
    run: Run,
    panels: Sequence[Panel],
    *,
    window: int | None,
    log: bool,
    x: Axis = "step",
    log_x: bool = False,
    key: str | None = None,
) -> Figure:
    """The curves of ``run``. ``window``: steps of the moving average, None to choose; ``log``: a log axis for the loss.

    ``x``, ``log_x``: the axis below; ``key`` names the run to the server, so that zooming can ask for more points.
    """
    look = Look(window, Sight(x, log_x), key)
    made = layout(panels, log=log, last_step=run.last_step, identity=identity(run, look.sight))
    made["xaxis"] |= axis_of(XAxis(run, x, log_x))
    made["meta"] |= linked(XAxis(run, x, log_x))
    traces = _traces(run, tuple(panels), look)
    made["annotations"] += _gap_notes(traces, panels)
    return {"traces": list(traces), "layout": made}


def identity(run: Run, sight: Sight) -> str:
    """The zoom lasts as long as this stays the same; charts with the same one are zoomed together."""
    run_and_axis = f"{run.source}#{run.name}#{sight.x}{sight.log}"
    return blake2s(
        run_and_axis.encode("utf-8", "surrogateescape"), digest_size=8
    ).hexdigest()  # a path is nobody else's business


def axis_of(along: XAxis) -> Figure:
    """The x-axis of every chart of a run."""
    title = {"text": TITLES[along.x], "standoff": 6}
    kind = {
        "type": "log" if along.log else "linear",
        "unifiedhovertitle": {"text": HOVERS[along.x]},
        "tickformat": TICKS[along.x],
    }
    whole = along.x == "step" and not along.log and along.run.last_step < FEW  # no half steps
    return {"title": title, "range": along.ends(), **kind, **({"dtick": 1, "tickformat": "d"} if whole else {})}


def linked(along: XAxis) -> Figure:
    """What the browser needs to zoom the charts of a run together, and to tell whether what it shows may have grown."""
    return {
        "lastX": along.at(along.run.last_step),
        "link": identity(along.run, Sight(along.x, along.log)),
        "x": along.x,
    }


@once
def _traces(run: Run, panels: tuple[Panel, ...], look: Look) -> tuple[Figure, ...]:
    """Every tab that looks at the run in the same way gets the same traces; they go when the run changes."""
    traces = [trace for i, panel in enumerate(panels, 1) for trace in traces_of(run, panel, i, look)]
    _legend(traces, alone={panel.lines[0].name for panel in panels if len(panel.lines) == 1})
    return (*traces, *(where(run, panels[0], look) if panels else []))


def _gap_notes(traces: Sequence[Figure], panels: Sequence[Panel]) -> list[Figure]:
    """How wide the gap is at its end, beside the title of its panel."""
    wide = {trace["yaxis"]: trace["name"] for trace in traces if trace.get("fill")}
    return [_beside(wide[axis(i)], axis(i)) for i, _ in enumerate(panels, 1) if axis(i) in wide]


def _beside(text: str, y: str) -> Figure:
    place = {"xref": "paper", "x": 1, "xanchor": "right", "yref": f"{y} domain", "y": 1, "yanchor": "bottom"}
    return {"text": text, **place, "showarrow": False, "font": {"size": 12, "color": "$val"}}


def _legend(traces: list[Figure], alone: set[str]) -> None:
    """One entry a name; none for a line that is ``alone`` in its panel, whose title names it."""
    seen = set(alone)
    for trace in traces:
        trace["showlegend"] = trace["name"] not in seen and trace.get("showlegend", True)
        seen.add(trace["name"])


def layout(panels: Sequence[Panel], *, log: bool, last_step: int, identity: str) -> Figure:
    """Axes, titles and sizes of a stack of ``panels``; the zoom lasts as long as ``identity`` stays the same."""
    height = sum(p.height + TITLE + GAP for p in panels) + TOP + BOTTOM
    inner, top = height - TOP - BOTTOM, 0
    made = _frame(height, len(panels), last_step, identity)
    for i, panel in enumerate(panels, 1):
        upper, lower = 1 - (top + TITLE) / inner, 1 - (top + TITLE + panel.height) / inner
        logarithmic = panel.log or (log and i == 1)
        made[axis(i).replace("y", "yaxis")] = _axis(logarithmic, (max(lower, 0), upper), from_zero=panel.from_zero)
        made["annotations"].append(_title(panel.title, 1 - top / inner))
        made["shapes"] += _guides(panel, axis(i))
        top += panel.height + TITLE + GAP
    return made


def _frame(height: int, panels: int, last_step: int, identity: str) -> Figure:
    """What all panels share: size, step axis, legend, hover. The zoom on steps is kept by the browser, not by Plotly."""
    return {
        "height": height,
        "margin": {"l": 52, "r": 10, "t": TOP, "b": BOTTOM},
        "uirevision": identity,
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "legend": {
            "traceorder": "normal",
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "yref": "paper",
            "font": {"size": 12},
        },
        "meta": {"lastStep": last_step},
        "xaxis": {
            "title": {"text": "step", "standoff": 6},
            "anchor": axis(panels),
            "tickformat": "~s",
            "showspikes": False,
            "nticks": 8,
            "autorangeoptions": {"clipmin": 0},
        },
        "annotations": [],
        "shapes": [],
        "dragmode": "zoom",
    }


def _axis(log: bool, domain: tuple[float, float], *, from_zero: bool) -> Figure:
    shared = {"domain": domain, "anchor": "x", "nticks": 5}
    if log:
        return {
            **shared,
            "type": "log",
            "exponentformat": "e",
            "nticks": 4,
            "minorloglabels": "complete",
        }  # 0.5, not a small 5
    return {**shared, "tickformat": "~g", "rangemode": "tozero" if from_zero else "normal"}


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
    if panel.guide is not None:
        look = {"color": "$good", "width": 1, "dash": "dot"}
        shapes.append({"type": "line", **across, "y0": panel.guide, "y1": panel.guide, "line": look, "layer": "above"})
    return shapes
