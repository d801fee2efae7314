"""The figures above the chart of the Schedules page, each beside the run's own."""

import math

import streamlit as st

from app.words import number
from diagnostics.run import Run
from diagnostics.schedules import Schedule
from diagnostics.schedules.figures import Figures, of_curve, of_schedule
from diagnostics.schedules.start import rate

SUM = "The learning rate added up over all steps: how far the weights could go with gradients of size 1."


def show(schedule: Schedule, run: Run, at: int) -> None:
    """How long, how high, how low, how much in all, and the rate at step ``at``."""
    lr = rate(run)
    new, own = of_schedule(schedule, at), of_curve(lr, at) if lr is not None else None
    with st.container(horizontal=True, gap="small", key="schedule-figures"):
        _metric("Total steps", "steps", new, own)
        _metric("Largest", "largest", new, own)
        _metric("Last", "last", new, own)
        _metric("Sum over all steps", "total", new, own, times=True, help=SUM)
        _metric(f"At step {number(at)}", "at", new, own)


def _metric(
    label: str, name: str, new: Figures, own: Figures | None, *, times: bool = False, help: str | None = None
) -> None:
    """A figure, and under it what the run has or how many ``times`` that."""
    value, had = getattr(new, name), getattr(own, name, math.nan)
    beside = f"{number(value / had)} × this run" if times and had > 0 else f"this run {number(had)}"
    said = None if math.isnan(had) else beside
    st.metric(label, number(value), said, delta_color="off", delta_arrow="off", help=help, width=130)
