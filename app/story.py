"""One run's whole story: what is wrong, since when, what to do, and the curves that show it."""

from typing import Literal

import streamlit as st

from app import findings
from app.library import Case
from app.plot import bands
from app.plot.component import chart
from app.plot.figure import stack
from app.plot.panels import panels_of
from app.words import number
from collector.schema import TRAIN_LOSS
from diagnostics import view

OFF, AUTO = "off", "auto"
WINDOWS = [OFF, AUTO, *(str(m * 10**k) for k in range(1, 5) for m in (1, 2, 5)), "100000"]  # steps


def tell(case: Case, key: str, *, linked: bool = False) -> None:
    """Show ``case``. ``key`` tells its widgets from another story's; ``linked`` keeps their values in the address."""
    findings.headline(case.report)
    curves, found = st.columns([0.66, 0.34], gap="large")
    with found:
        chosen, jumps = findings.choose(case.report, key)
    with curves:
        _curves(case, key, chosen, jumps, linked)
    findings.layers(case.run)


def _curves(case: Case, key: str, chosen: int | None, jumps: int, linked: bool) -> None:
    run, report = case.run, case.report
    window, log = _controls(case, linked, key)
    panels = panels_of(run, report)
    if not panels:
        st.info("This run has no loss, accuracy or learning rate to draw yet.", icon=":material/hourglass_empty:")
        return
    figure = stack(run, panels, window=window, log=log)
    bands.shade(figure, panels, report.findings, -1 if chosen is None else chosen, run.last_step)
    bands.mark_resumes(figure, run)
    target = None if chosen is None else bands.around(report.findings[chosen], run.last_step)
    chart(figure, key=f"{key}.chart", go_to=(jumps, target), alt=f"Learning curves of a run of {run.last_step} steps")


def _controls(case: Case, linked: bool, key: str) -> tuple[int | None, bool]:
    """The window of the moving average (None: chosen by the run) and whether the loss has a log axis."""
    bind: Literal["query-params"] | None = "query-params" if linked else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.select_slider(
            f"Moving average, {_auto(case)}",
            WINDOWS,
            AUTO,
            key="smooth" if linked else f"{key}.smooth",
            bind=bind,
            persist_state="session",
            width=320,
            help="Each point of the line is the mean of the raw points (the faint dots) of the last so many steps. "
            "It never averages across NaN, Inf or a gap, and changes no verdict.",
        )
        log = st.toggle(
            "Log loss",
            key="log" if linked else f"{key}.log",
            bind=bind,
            persist_state="session",
            help="Equal distances are equal factors: shows a slow fall at small losses.",
        )
    return {OFF: 0, AUTO: None}.get(chosen) if chosen in (OFF, AUTO) else int(chosen), log


def _auto(case: Case) -> str:
    """The label says what auto comes to."""
    loss = case.run.get(TRAIN_LOSS)
    steps = view.window_for(loss) if loss else 0
    return f"in steps (auto is {number(steps)})" if steps else "in steps (auto is off)"
