"""The chart of the Schedules page: a schedule over a run's own learning rate."""

import numpy as np

from app.plot.figure import Figure, stack
from app.plot.panels import Line, Panel
from app.plot.traces import line
from collector.schema import LR
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.schedules import SHAPES, Schedule

PANEL = Panel("Learning rate", (Line(LR, "this run", "other"),), 360, from_zero=True)
MOST = 50_000  # steps worked out, of which the extremes are drawn: some fifty a pixel


def figure(run: Run, key: str | None, schedule: Schedule | None, at: int = 0, *, log: bool) -> Figure:
    """``schedule``, when there is one, over ``run``'s learning rate; a dotted line marks step ``at``."""
    made = stack(run, [PANEL], window=0, log=log, key=key)
    traces = [
        _behind(trace) if trace["name"] == "this run" else {**trace, "showlegend": False} for trace in made["traces"]
    ]
    if schedule is None:
        return {**made, "traces": traces}
    layout = {**made["layout"], "shapes": [*made["layout"]["shapes"], *([_mark(at)] if at else [])]}
    layout["xaxis"] = {**layout["xaxis"], "range": [0, max(run.last_step, schedule.total_steps)]}  # both to their ends
    return {"traces": [*traces, _proposal(schedule, SHAPES[schedule.kind].title)], "layout": layout}


def _behind(own: Figure) -> Figure:
    """The run's own rate, broad: it is still seen where a schedule runs along it."""
    return {**own, "line": {**own["line"], "color": "$otherRaw", "width": 6}, "showlegend": True}


def _proposal(schedule: Schedule, name: str) -> Figure:
    steps = np.unique(np.linspace(0, schedule.total_steps - 1, min(schedule.total_steps, MOST)).astype(np.int64))
    look = {"color": "$train", "width": 2.5}
    hover = f"{name} %{{y:.4~g}}<extra></extra>"
    return line(Curve(LR, steps, schedule.lr(steps)), name, 1, line=look, hovertemplate=hover, showlegend=True)


def _mark(at: int) -> Figure:
    up = {"x0": at, "x1": at, "yref": "y domain", "y0": 0, "y1": 1, "layer": "below"}
    return {"type": "line", "xref": "x", **up, "line": {"color": "$train", "width": 1, "dash": "dot"}}
