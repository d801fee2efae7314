"""Several runs in one chart: a panel for each quantity, a colour for each run, training solid and validation dashed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.plot.figure import layout
from app.plot.palette import PALETTE
from app.plot.panels import LOW, TALL, Panel
from app.plot.points import Sight, Source, array, points
from app.plot.text import text
from app.plot.traces import axis
from app.plot.x_axis import HOVERS, TICKS, TITLES
from collector.schema import GRAD_NORM, LR, UPDATE_RATIO
from diagnostics import axis as x_axis
from diagnostics import folds, view
from diagnostics.axis import Axis
from diagnostics.run import Run

SPLITS = ("train/", "val/")
FIRST = ("loss", "accuracy", LR, UPDATE_RATIO, GRAD_NORM)  # what is asked for most
NAMES = {
    "loss": "Loss",
    "accuracy": "Accuracy",
    LR: "Learning rate",
    UPDATE_RATIO: "Update ratio",
    GRAD_NORM: "Gradient norm",
}
BUDGET = 24_000  # points of the whole chart until the reader zooms: about half a megabyte
TOP = 12  # px above the first panel, which needs none for a legend
FEWEST = 300  # points a trace
CROSSHAIR = 6  # runs up to which one box beside the crosshair still names every line
RAW = 3  # runs up to which the raw points behind a moving average can be told apart
Figure = dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    """A run as it is drawn: ``colour`` is a number of the palette."""

    key: str
    run: Run
    colour: int


@dataclass(frozen=True)
class Look:
    """What is asked of the chart. ``window``: steps of the moving average, None: what suits each curve."""

    x: Axis = "step"
    log_x: bool = False
    log_y: bool = False
    window: int | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # keys of the runs that become one band


def quantities(runs: Iterable[Run]) -> list[str]:
    """What can be drawn: tags, those of training and validation under one name; the most asked for first."""
    tags = dict.fromkeys(tag for run in runs for tag in run.curves)
    found = sorted({quantity(tag) for tag in tags})
    return [q for q in FIRST if q in found] + [q for q in found if q not in FIRST]


def quantity(tag: str) -> str:
    """What ``tag`` measures, whether in training or in validation."""
    return next((tag.removeprefix(split) for split in SPLITS if tag.startswith(split)), tag)


def overlay(drawn: Sequence[Drawn], wanted: Sequence[str], look: Look) -> Figure:
    """The chart of ``drawn`` with a panel for each of the quantities ``wanted``."""
    panels = [_panel(q, i, look) for i, q in enumerate(wanted)]
    lines = [(i, run, tag) for i, q in enumerate(wanted, 1) for run in drawn for tag in _tags(run.run, q)]
    count = max(min(BUDGET // max(len(lines), 1), view.POINTS), FEWEST)
    banded = {key for keys in look.groups.values() for key in keys}
    traces = [t for i, run, tag in lines if run.key not in banded for t in _run(run, tag, i, look, count, len(drawn))]
    bands = [t for i, q in enumerate(wanted, 1) for name, keys in look.groups.items() for t in _group(name, [d for d in drawn if d.key in keys], q, i, look, count)]  # fmt: skip
    return {"traces": bands + traces, "layout": _layout(drawn, panels, look), "palette": PALETTE}


def _panel(name: str, i: int, look: Look) -> Panel:
    return Panel(NAMES.get(name, text(name)), (), TALL if i == 0 else LOW + 50, log=look.log_y and name != "accuracy")


def _tags(run: Run, wanted: str) -> list[str]:
    return sorted((tag for tag in run.curves if quantity(tag) == wanted and len(run[tag])), reverse=False)


def _layout(drawn: Sequence[Drawn], panels: Sequence[Panel], look: Look) -> Figure:
    last = max((one.run.last_step for one in drawn), default=0)
    identity = f"{[one.key for one in drawn]}{look.x}{look.log_x}"
    made: Figure = layout(panels, log=False, last_step=last, identity=identity)
    made["xaxis"] |= {
        "title": {"text": TITLES[look.x], "standoff": 6},
        "type": "log" if look.log_x else "linear",
        "unifiedhovertitle": {"text": HOVERS[look.x]},
        "tickformat": TICKS[look.x],
    }
    if look.log_x:
        made["xaxis"].pop("autorangeoptions", None)  # its least, 0, lies at minus infinity there
    made["hovermode"] = "x unified" if len(drawn) <= CROSSHAIR else "closest"
    made["showlegend"] = False  # the table below is the legend: it says more, and has room for all
    made["height"] -= made["margin"]["t"] - TOP
    made["margin"]["t"] = TOP
    return made


def _run(one: Drawn, tag: str, i: int, look: Look, count: int, runs: int) -> list[Figure]:
    window = view.window_for(one.run[tag]) if look.window is None else look.window
    window = window if tag.startswith(SPLITS[0]) else 0
    hover = f"{text(one.run.name)}, {text(tag)} %{{y:.4~g}}<extra></extra>"
    style = {"mode": "lines", "line": _line(one.colour, tag), "opacity": 0.9, "hovertemplate": hover}
    raw = {"mode": "markers", "marker": {"color": f"$run{one.colour}", "size": 3}, "opacity": 0.22, "hoverinfo": "skip"}
    cross = {"mode": "markers", "marker": {"color": f"$run{one.colour}", "size": 5, "symbol": "x"}, "opacity": 0.7, "hovertemplate": f"{text(one.run.name)}, {text(tag)} is %{{text}}<extra></extra>"}  # fmt: skip
    behind = _trace(one, Source(tag), i, look, count, raw) if window and runs <= RAW else []
    broken = (
        [] if np.isfinite(one.run[tag].values).all() else _trace(one, Source(tag, part="broken"), i, look, count, cross)
    )
    return [*behind, *_trace(one, Source(tag, window), i, look, count, style), *broken]


def _line(colour: int, tag: str) -> Figure:
    validation = tag.startswith(SPLITS[1])
    return {"color": f"$run{colour}", "width": 1.8, "dash": "dash" if validation else "solid"}


def _trace(one: Drawn, source: Source, i: int, look: Look, count: int, style: Figure) -> list[Figure]:
    """One trace; ``meta`` says how the browser asks for more of its points when it zooms."""
    found = points(one.run, source, Sight(look.x, look.log_x, None, count))
    if found is None:
        return []
    found.pop("logged", None)
    asked = {"tag": source.tag, "window": source.window, "attempt": source.attempt, "part": source.part, "x": look.x}
    uid = re.sub(r"\W", "-", f"{one.key}.{axis(i)}.{source.tag}.{source.part}.{style['mode']}")  # a CSS class
    return [{**_on(i, one.run.name), **found, "meta": {"run": one.key, **asked}, "uid": uid, **style}]


def _on(i: int, name: str) -> Figure:
    return {"type": "scatter", "xaxis": "x", "yaxis": axis(i), "name": text(name)}


def _group(name: str, members: Sequence[Drawn], wanted: str, i: int, look: Look, count: int) -> list[Figure]:
    """Mean of the folds as a line within a band of one standard deviation on either side."""
    tags = sorted({tag for one in members for tag in _tags(one.run, wanted)})
    return [trace for tag in tags for trace in _band(name, [m for m in members if tag in m.run], tag, i, look, count)]


def _band(name: str, members: Sequence[Drawn], tag: str, i: int, look: Look, count: int) -> list[Figure]:
    window = look.window if look.window is not None else view.window_for(members[0].run[tag])
    window = window if tag.startswith(SPLITS[0]) else 0
    found = view.thin_band(folds.band([view.moving_average(one.run[tag], window) for one in members]), count)
    if not found.steps.size:
        return []
    low, high = found.edges
    x, colour = array(x_axis.at(members[0].run, found.steps, look.x)), members[0].colour
    hover = f"{text(name)}, {text(tag)}, mean of {len(members)} %{{y:.4~g}} ± %{{customdata:.3~g}}<extra></extra>"
    edge = {**_on(i, name), "x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        {**edge, "y": array(low)},
        {**edge, "y": array(high), "fill": "tonexty", "fillcolor": f"$fill{colour}"},
        {**_on(i, name), "x": x, "y": array(found.mean), "customdata": array(found.sd), "mode": "lines", "line": _line(colour, tag), "hovertemplate": hover},
    ]  # fmt: skip
