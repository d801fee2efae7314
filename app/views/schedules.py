"""What would another learning-rate schedule look like over my run?"""

import numpy as np
import streamlit as st

from app import library
from app.plot.component import chart
from app.plot.figure import stack, with_line
from app.plot.panels import TALL, Line, Panel
from app.views.diagnosis import pick
from collector.schema import LR
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.schedules import SHAPES, Schedule

NAMES = {"constant": "Constant", "step": "Step", "cosine": "Cosine", "linear": "Linear", "inverse_sqrt": "Inverse sqrt"}
SAMPLES = 1_000  # steps at which the schedule is drawn
PANEL = Panel("Learning rate", (Line(LR, "this run", "other"),), TALL, from_zero=True)


def page() -> None:
    """Choose a shape, its peak, length and warm-up; it is drawn over the run's own learning rate."""
    st.title("Schedules")
    key = pick(library.keys())
    case = library.case(key) if key else None
    run = case.run if case else Run("", {})
    schedule = _choose(run, key or "none")
    log = st.toggle("Log axis", key="schedules.log")
    figure = with_line(stack(run, [PANEL], window=0, log=log), _drawn(schedule), NAMES[schedule.kind])
    chart(figure, key="schedules.chart", alt=f"{NAMES[schedule.kind]} schedule over the run's learning rate")
    st.caption((SHAPES[schedule.kind].__doc__ or "").replace("*", "\\*"))


def _choose(run: Run, key: str) -> Schedule:
    """The schedule the reader asks for; what the run did is where it starts."""
    kind = st.segmented_control(
        "Shape", list(NAMES), default="cosine", format_func=lambda kind: NAMES[kind], key="schedules.kind"
    )
    lr = run.get(LR)
    peak, total = (float(lr.finite().values.max()) if lr and len(lr.finite()) else 0.1), max(run.last_step, 2)
    a, b, c = st.columns(3)
    peak = a.number_input(
        "Peak learning rate", 1e-9, 1e3, peak, format="%.2e", step=peak / 2, key=f"schedules.peak.{key}"
    )
    total = b.number_input("Total steps", 2, 10**9, total, key=f"schedules.total.{key}")
    warmup = c.number_input("Warm-up steps", 0, total - 1, min(total // 20, total - 1), key=f"schedules.warmup.{key}")
    return Schedule(kind or "cosine", peak, total, warmup)


def _drawn(schedule: Schedule) -> Curve:
    steps = np.unique(np.linspace(0, schedule.total_steps, SAMPLES).astype(np.int64))
    return Curve(LR, steps, schedule.lr(steps))
