"""Several runs in one chart: a panel for each quantity, a colour for each run, training solid and validation dashed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from app.plot import palette
from app.plot.figure import layout
from app.plot.palette import PALETTE
from app.plot.panels import LOW, TALL, Panel
from app.plot.points import Sight, Source, array, points
from app.plot.text import text
from app.plot.traces import axis
from app.plot.x_axis import HOVERS, TICKS, TITLES
from collector.schema import GRAD_NORM, LR, UPDATE_RATIO
from diagnostics import axis as x_axis
from diagnostics import folds, heights, view
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
CROSSES = 8  # marks a stretch of NaN, about: where it begins and ends says all
SYMBOLS = 8  # on a line, where the colours are used up
AIR = 0.03  # of the height
EVERYTHING: Mapping[str, "Cut"] = MappingProxyType({})
RAW = 3  # runs up to which the raw points behind a moving average can be told apart
Figure = dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    """A run as it is drawn: ``mark`` is a number of the palette; ``usual``: it counts for how high the chart is."""

    key: str
    run: Run
    mark: int
    usual: bool = True


@dataclass(frozen=True)
class Cut:
    """The heights that a panel shows, the names of the runs that leave them, and how far they go."""

    seen: heights.Range
    runs: tuple[str, ...]
    ends: heights.Range


@dataclass(frozen=True)
class Look:
    """What is asked of the chart. ``window``: steps of the moving average, None: what suits each curve."""

    x: Axis = "step"
    log_x: bool = False
    log_y: bool = False
    window: int | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # keys of the runs that become one band

    def window_of(self, run: Run, tag: str) -> int:
        """Steps that the curve ``tag`` of ``run`` is averaged over; validation never is."""
        if not tag.startswith(SPLITS[0]):
            return 0
        return view.window_for(run[tag]) if self.window is None else self.window


def quantities(runs: Iterable[Run]) -> list[str]:
    """What can be drawn: tags, those of training and validation under one name; the most asked for first."""
    tags = dict.fromkeys(tag for run in runs for tag in run.curves)
    found = sorted({quantity(tag) for tag in tags})
    return [q for q in FIRST if q in found] + [q for q in found if q not in FIRST]


def quantity(tag: str) -> str:
    """What ``tag`` measures, whether in training or in validation."""
    return next((tag.removeprefix(split) for split in SPLITS if tag.startswith(split)), tag)


def cuts(drawn: Sequence[Drawn], wanted: Sequence[str], look: Look) -> dict[str, Cut]:
    """Of the quantities ``wanted`` those of which a few runs would flatten all others, and what to show of them."""
    found = {q: _cut(drawn, q, look) for q in wanted}
    return {q: cut for q, cut in found.items() if cut}


def _cut(drawn: Sequence[Drawn], wanted: str, look: Look) -> Cut | None:
    log = _panel(wanted, 0, look).log
    found = [
        (one.run.name, heights.Extent(*ends, one.usual))
        for one in drawn
        for tag in _tags(one.run, wanted)
        if (ends := heights.extent(one.run[tag], look.window_of(one.run, tag), log=log))
    ]
    seen = heights.usual([ends for _, ends in found], log=log)
    if seen is None:
        return None
    beyond = tuple(dict.fromkeys(name for name, ends in found if ends.beyond(seen)))
    return Cut(seen, beyond, (min(e.low for _, e in found), max(e.high for _, e in found)))


def overlay(drawn: Sequence[Drawn], wanted: Sequence[str], look: Look, shown: Mapping[str, Cut] = EVERYTHING) -> Figure:
    """The chart of ``drawn`` with a panel for each of the quantities ``wanted``; of those in ``shown``, so much as that says."""
    panels = [_panel(q, i, look) for i, q in enumerate(wanted)]
    lines = [(i, run, tag) for i, q in enumerate(wanted, 1) for run in drawn for tag in _tags(run.run, q)]
    count = max(min(BUDGET // max(len(lines), 1), view.POINTS), FEWEST)
    banded = {key for keys in look.groups.values() for key in keys}
    traces = [t for i, run, tag in lines if run.key not in banded for t in _run(run, tag, i, look, count, len(drawn))]
    bands = [t for i, q in enumerate(wanted, 1) for name, keys in look.groups.items() for t in _group(name, [d for d in drawn if d.key in keys], q, i, look, count)]  # fmt: skip
    made = _layout(drawn, panels, look)
    for i, q in enumerate(wanted, 1):
        if q in shown:
            made[axis(i).replace("y", "yaxis")] |= _range(shown[q].seen, log=panels[i - 1].log)
    return {"traces": bands + traces, "layout": made, "palette": PALETTE}


def _range(seen: heights.Range, *, log: bool) -> Figure:
    """``seen`` as Plotly wants it, with a little air."""
    low, high = np.log10(seen) if log else seen
    air = AIR * (high - low)
    return {"range": [float(low - air), float(high + air)], "autorange": False}


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
    window, colour = look.window_of(one.run, tag), palette.colour(one.mark)
    where = "" if runs <= CROSSHAIR else f", {HOVERS[look.x]}"  # the crosshair's own box says it
    style = {**_line(one.mark, tag), "opacity": 0.9, "hovertemplate": f"{_said(one, tag)} %{{y:.4~g}}{where}<extra></extra>"}  # fmt: skip
    raw = {"mode": "markers", "marker": {"color": colour, "size": 3}, "opacity": 0.22, "hoverinfo": "skip"}
    cross = {"mode": "markers", "marker": {"color": colour, "size": 7, "symbol": "x-thin", "line": {"width": 2, "color": colour}}, "hovertemplate": f"{_said(one, tag)} is %{{text}}{where}<extra></extra>"}  # fmt: skip
    behind = _trace(one, Source(tag), i, look, count, raw) if window and runs <= RAW else []
    whole = np.isfinite(one.run[tag].values).all()
    broken = [] if whole else _trace(one, Source(tag, part="broken"), i, look, CROSSES, cross)
    return [*behind, *_trace(one, Source(tag, window), i, look, count, style), *broken]


def _said(one: Drawn, tag: str) -> str:
    return f"<b>{text(one.run.name)}</b>, {text(tag)}"


def _line(mark: int, tag: str) -> Figure:
    """Training solid, validation dashed; once the colours are used up, a few symbols on the line tell two runs apart."""
    colour, symbol = palette.colour(mark), palette.symbol(mark)
    line = {"color": colour, "width": 1.8, "dash": "dash" if tag.startswith(SPLITS[1]) else "solid"}
    if not symbol:
        return {"mode": "lines", "line": line}
    marker = {"color": colour, "size": 8, "symbol": symbol, "maxdisplayed": SYMBOLS}
    return {"mode": "lines+markers", "line": line, "marker": marker}


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
    window = look.window_of(members[0].run, tag)
    found = view.thin_band(folds.band([view.moving_average(one.run[tag], window) for one in members]), count)
    if not found.steps.size:
        return []
    low, high = found.edges
    x, mark = array(x_axis.at(members[0].run, found.steps, look.x)), members[0].mark
    hover = f"{text(name)}, {text(tag)}, mean of {len(members)} %{{y:.4~g}} ± %{{customdata:.3~g}}<extra></extra>"
    edge = {**_on(i, name), "x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        {**edge, "y": array(low)},
        {**edge, "y": array(high), "fill": "tonexty", "fillcolor": palette.fill(mark)},
        {**_on(i, name), "x": x, "y": array(found.mean), "customdata": array(found.sd), **_line(mark, tag), "hovertemplate": hover},
    ]  # fmt: skip
