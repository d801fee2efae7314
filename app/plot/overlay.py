"""Several runs in one chart: a panel for each quantity."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from app.plot.cuts import Cut, axis_range
from app.plot.drawn import Drawn, Look
from app.plot.figure import layout
from app.plot.fold_band import fold_bands
from app.plot.palette import PALETTE
from app.plot.panels import LOW, TALL, Panel
from app.plot.quantities import NAMES, tags
from app.plot.run_lines import CROSSHAIR, Figure, run_lines
from app.plot.text import text
from app.plot.traces import axis
from app.plot.x_axis import HOVERS, TICKS, TITLES
from diagnostics import view

BUDGET = 24_000  # points of the whole chart until the reader zooms: about half a megabyte
FEWEST = 300  # points a trace
TOP = 12  # px above the first panel, which needs none for a legend
EVERYTHING: Mapping[str, Cut] = MappingProxyType({})


def overlay(drawn: Sequence[Drawn], wanted: Sequence[str], look: Look, shown: Mapping[str, Cut] = EVERYTHING) -> Figure:
    """The chart of ``drawn`` with a panel for each of the quantities ``wanted``; of those in ``shown``, so much as that says."""
    made = _layout(drawn, [_panel(q, i, look) for i, q in enumerate(wanted)], look)
    for i, q in enumerate(wanted, 1):
        if q in shown:
            made[axis(i).replace("y", "yaxis")] |= axis_range(shown[q].seen, log=look.log_of(q))
    return {"traces": _traces(drawn, wanted, look), "layout": made, "palette": PALETTE}


def _traces(drawn: Sequence[Drawn], wanted: Sequence[str], look: Look) -> list[Figure]:
    """The bands of folds below, the lines of all other runs above them; together no more points than ``BUDGET``."""
    lines = [(i, one, tag) for i, q in enumerate(wanted, 1) for one in drawn for tag in tags(one.run, q)]
    count = max(min(BUDGET // max(len(lines), 1), view.POINTS), FEWEST)
    banded = {key for keys in look.groups.values() for key in keys}
    made: list[Figure] = []
    for i, q in enumerate(wanted, 1):
        for name, keys in look.groups.items():
            made += fold_bands(name, [one for one in drawn if one.key in keys], q, i, look, count)
    for i, one, tag in lines:
        made += [] if one.key in banded else run_lines(one, tag, i, look, count, len(drawn))
    return made


def _panel(name: str, i: int, look: Look) -> Panel:
    return Panel(NAMES.get(name, text(name)), (), TALL if i == 0 else LOW + 50, log=look.log_of(name))


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
    made["meta"]["reads"] = True  # what the lines say at the crosshair is told to the list beside it
    made["showlegend"] = False  # the list beside it is the legend: it says more, and has room for all
    made["height"] -= made["margin"]["t"] - TOP
    made["margin"]["t"] = TOP
    return made
