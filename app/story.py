"""One run's whole story: what is wrong, since when, what to do, and the curves that show it."""

from functools import partial

import streamlit as st

from app import controls, findings, hyperparameters, layers, lent, schedule_link, verdict
from app.controls import Choices, Widgets
from app.findings import Choice
from app.library import Case
from app.plot import bands
from app.plot.component import chart
from app.plot.figure import stack
from app.plot.panels import offered, panels_of
from app.plot.points import Sight
from app.plot.x_axis import XAxis
from collector.schema import RUNNING
from diagnostics.run import Run


def tell(case: Case, key: str, *, run: str | None = None) -> None:
    """Show ``case``. ``key`` tells its widgets from another story's.

    ``run`` is the key under which the server knows the run: then the choices are in the address, and zooming asks for
    more points.
    """
    choice, widgets = Choice(key, run is not None), Widgets(key, run is not None)
    offer = partial(schedule_link.offer, case.run, run) if run else None
    _forget_other(run, choice)
    with st.container(key="story"):  # page.css puts the verdict and the findings beside the curves where there is room
        with st.container(key="story-verdict"):
            verdict.show(case.report, choice, offer, _up_to(case))
        with st.container(key="story-curves"):
            ask = controls.show(case.run, widgets)
            _curves(case, choice, run, ask, widgets)
        with st.container(key="story-findings"):
            findings.show(case.report, choice, offer, case.run.notes)
            hyperparameters.show(case.run, key)
    choice.to_address()
    layers.show(
        case.run, key, known=run or lent.lend(case), sight=Sight(ask.x, ask.log_x), place=widgets.place("layers")
    )


def _up_to(case: Case) -> int | None:
    """The last step that the report knows, of a run that goes on: its words wait while its curves are drawn."""
    if case.run.state != RUNNING:
        return None
    return case.run.last_step if case.as_of is None else case.as_of


def _curves(case: Case, choice: Choice, known: str | None, ask: Choices, widgets: Widgets) -> None:
    run, report, chosen = case.run, case.report, choice.chosen(case.report)
    panels = panels_of(run, report, ask.more)
    if not panels:
        _nothing_to_draw(run)
        return
    figure = stack(run, panels, window=ask.window, log=ask.log, x=ask.x, log_x=ask.log_x, key=known or lent.lend(case))
    along = XAxis(run, ask.x, ask.log_x)
    bands.shade(figure, panels, report.findings, -1 if chosen is None else chosen, along)
    bands.mark_resumes(figure, along)
    target = None if chosen is None else bands.around(report.findings[chosen], along)
    chart(
        figure,
        key=f"{choice.key}.chart",
        go_to=(choice.jumps, target),
        alt=f"Learning curves of a run of {run.last_step} steps",
        name=run.name,
        keeps_zoom=known is not None,
        on_key={
            "l": widgets.turn_log,
            "j": partial(choice.move, report, 1),
            "k": partial(choice.move, report, -1),
            **{str(i + 1): partial(choice.press, report, i) for i in range(min(len(report.findings), 9))},
        },
    )


def _nothing_to_draw(run: Run) -> None:
    """Why, and what can be done about it."""
    if offered(run):
        st.info("No loss, accuracy or learning rate is known here by its name. Choose from More curves what to draw.")
    elif run.state == RUNNING:
        st.info(
            "Nothing has been logged yet. The curves appear here with the first step.",
            icon=":material/hourglass_empty:",
        )
    else:
        st.info("The run ended before anything was logged.", icon=":material/hourglass_empty:")


def _forget_other(known: str | None, choice: Choice) -> None:
    """What was looked at of another run says nothing of this one."""
    if known is not None and st.session_state.setdefault("zoom.run", known) != known:
        st.session_state["zoom.run"] = known
        controls.forget_zoom()
        choice.forget()
