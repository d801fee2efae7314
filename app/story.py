"""One run's whole story: what is wrong, since when, what to do, and the curves that show it."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import streamlit as st

from app import findings, layers, schedule_link
from app.library import Case
from app.plot import bands
from app.plot.component import ZOOM, chart
from app.plot.figure import stack
from app.plot.panels import offered, panels_of
from app.plot.points import Sight
from app.plot.x_axis import XAxis
from app.words import number, plain
from collector.schema import TRAIN_LOSS
from diagnostics import axis, view
from diagnostics.axis import Axis
from diagnostics.run import Run

OFF, AUTO = "off", "auto"
LONGEST = 10**12  # steps: longer than any training
WINDOWS = [AUTO, OFF, *(str(m * 10**k) for k in range(1, 5) for m in (1, 2, 5)), "100000"]  # steps


@dataclass(frozen=True)
class Choices:
    """What the reader chose. ``window``: steps of the moving average (None: what suits each curve)."""

    window: int | None
    x: Axis
    log: bool
    log_x: bool
    more: tuple[str, ...]


def tell(case: Case, key: str, *, run: str | None = None) -> None:
    """Show ``case``. ``key`` tells its widgets from another story's.

    ``run`` is the key under which the server knows the run: then the choices are in the address, and zooming asks for
    more points.
    """
    offer = partial(schedule_link.offer, case.run, run) if run else None
    findings.headline(case.report, offer)
    curves, found = st.columns([0.66, 0.34], gap="large")
    with found:
        chosen, jumps = findings.choose(case.report, key, offer)
    widgets = _Widgets(key, run is not None)
    with curves:
        ask = _controls(case.run, widgets)
        _curves(case, key, chosen, jumps, run, ask)
    sight = Sight(ask.x, ask.log_x)
    layers.show(case.run, key, known=run, sight=sight, place=widgets.place("layers"))


def _curves(case: Case, key: str, chosen: int | None, jumps: int, known: str | None, ask: Choices) -> None:
    run, report = case.run, case.report
    _forget_other(known)
    panels = panels_of(run, report, ask.more)
    if not panels:
        st.info("This run has no loss, accuracy or learning rate to draw yet.", icon=":material/hourglass_empty:")
        return
    figure = stack(run, panels, window=ask.window, log=ask.log, x=ask.x, log_x=ask.log_x, key=known)
    along = XAxis(run, ask.x, ask.log_x)
    bands.shade(figure, panels, report.findings, -1 if chosen is None else chosen, along)
    bands.mark_resumes(figure, along)
    target = None if chosen is None else bands.around(report.findings[chosen], along)
    chart(
        figure,
        key=f"{key}.chart",
        go_to=(jumps, target),
        alt=f"Learning curves of a run of {run.last_step} steps",
        name=run.name,
        keeps_zoom=known is not None,
        on_key={"l": _Widgets(key, known is not None).turn_log},
    )


@dataclass(frozen=True)
class _Widgets:
    """Keys of the widgets: in the address when ``linked``, and then the same for every run."""

    story: str
    linked: bool

    def place(self, name: str) -> dict[str, Any]:
        """Where a widget keeps its value."""
        bind: Literal["query-params"] | None = "query-params" if self.linked else None
        return {"key": self.key(name), "bind": bind, "persist_state": "session"}

    def key(self, name: str) -> str:
        return name if self.linked else f"{self.story}.{name}"

    def turn_log(self) -> None:
        """What the key l does."""
        st.session_state[self.key("log")] = not st.session_state.get(self.key("log"), False)


def _controls(run: Run, widgets: _Widgets) -> Choices:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        x = _axis(run, widgets)
        window = _window(run, widgets)
        more = _more(run, widgets)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        log = st.toggle("Log loss", **widgets.place("log"), help="Equal distances are equal factors. Key: l")
        log_x = st.toggle("Log x", **widgets.place("logx"), on_change=_forget_zoom, help="Spreads out the first steps.")
    st.caption(plain(_formula(run, window)))
    return Choices(window, x, log, log_x, more)


def _axis(run: Run, widgets: _Widgets) -> Axis:
    """What the x-axis counts; only what the log tells is offered."""
    known = axis.axes_of(run)  # as they are: the address holds what the screen says
    return st.segmented_control("X-axis", known, default="step", on_change=_forget_zoom, **widgets.place("x")) or "step"


def _forget_zoom() -> None:
    """A stretch of steps is none of epochs."""
    st.query_params.pop(ZOOM, None)


def _forget_other(known: str | None) -> None:
    """The stretch that was seen of another run says nothing of this one."""
    if known is not None and st.session_state.setdefault("zoom.run", known) != known:
        st.session_state["zoom.run"] = known
        _forget_zoom()


def _window(run: Run, widgets: _Widgets) -> int | None:
    """Steps of the moving average: one of the list, or typed in."""
    chosen = st.selectbox(
        "Moving average, steps",
        WINDOWS,
        **widgets.place("smooth"),
        accept_new_options=True,
        width=170,
        help="Choose, or type any number of steps. It changes no verdict.",
    )
    return window_of(chosen)


def window_of(chosen: str | None) -> int | None:
    """Steps that were chosen or typed in; what is no number is left to the run (None)."""
    if chosen == OFF:
        return 0
    return min(int(chosen), LONGEST) if chosen and chosen.isdecimal() else None


def _formula(run: Run, window: int | None) -> str:
    """What the line is, in plain words."""
    loss = run.get(TRAIN_LOSS)
    steps = (view.window_for(loss) if loss else 0) if window is None else window
    if not steps:
        return "Lines are the points as logged: no smoothing."
    auto = " (auto: about 2 % of the run)" if window is None else ""
    return (
        f"Solid lines: the mean of the raw points (faint) of the last {number(steps)} steps{auto}, begun afresh after NaN, "
        "Inf and gaps. Validation is never smoothed."
    )


def _more(run: Run, widgets: _Widgets) -> tuple[str, ...]:
    """Further curves of the log, each in a panel of its own."""
    tags = offered(run)
    if not tags:
        return ()
    return tuple(
        st.multiselect("More curves", tags, placeholder=f"{len(tags)} more were logged", **widgets.place("more"))
    )
