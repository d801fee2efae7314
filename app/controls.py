"""How the curves are looked at: one line of controls, their choices in the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from app.plot.component import ZOOM
from app.plot.panels import offered
from app.words import counted, plain
from collector.schema import TRAIN_LOSS
from diagnostics import axis, view
from diagnostics.axis import Axis
from diagnostics.run import Run

OFF, AUTO = "off", "auto"
LONGEST = 10**12  # steps: longer than any training
WINDOWS = [AUTO, OFF, *(str(m * 10**k) for k in range(1, 5) for m in (1, 2, 5)), "100000"]  # steps
AVERAGE = (
    "The solid line is the mean of the raw points of the last so many steps, begun afresh after NaN, Inf and gaps. Validation "
    "is never smoothed. Choose, or type any number of steps; auto is about 2% of the run. It changes no verdict."
)


@dataclass(frozen=True)
class Choices:
    """What the reader chose. ``window``: steps of the moving average (None: what suits each curve)."""

    window: int | None
    x: Axis
    log: bool
    log_x: bool
    more: tuple[str, ...]


@dataclass(frozen=True)
class Widgets:
    """Keys of the widgets: in the address when ``linked``, and then the same for every run."""

    story: str
    linked: bool

    def place(self, name: str) -> dict[str, Any]:
        """Where a widget keeps its value."""
        bind: Literal["query-params"] | None = "query-params" if self.linked else None
        return {"key": self.key(name), "bind": bind, "persist_state": "session"}

    def key(self, name: str) -> str:
        """The widget's own key."""
        return name if self.linked else f"{self.story}.{name}"

    def turn_log(self) -> None:
        """What the key l does."""
        st.session_state[self.key("log")] = not st.session_state.get(self.key("log"), False)


def show(run: Run, widgets: Widgets) -> Choices:
    """The line of controls, and below it what the lines are."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"controls-{widgets.story}"):
        x = x_axis(axis.axes_of(run), widgets.place("x"))  # only what the log tells is offered
        window = moving_average(widgets.place("smooth"))
        log = st.toggle("Log loss", **widgets.place("log"))
        log_x = st.toggle("Log x", **widgets.place("logx"), on_change=forget_zoom)
        more = _more(run, widgets)
    st.caption(plain(_formula(run, window)))
    return Choices(window, x, log, log_x, more)


def forget_zoom() -> None:
    """A stretch of steps is none of epochs."""
    st.query_params.pop(ZOOM, None)


def window_of(chosen: str | None) -> int | None:
    """Steps that were chosen or typed in; what is no number is left to the run (None)."""
    if chosen == OFF:
        return 0
    return min(int(chosen), LONGEST) if chosen and chosen.isdecimal() else None


def x_axis(known: Sequence[Axis], place: dict[str, Any]) -> Axis:
    """What the x-axis counts, of what is ``known``; the address holds what the screen says."""
    chosen = st.segmented_control(
        "X-axis", known, default="step", on_change=forget_zoom, label_visibility="collapsed", **place
    )
    return chosen or "step"


def moving_average(place: dict[str, Any]) -> int | None:
    """Steps of the moving average: one of the list, or typed in."""
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", width="content", key=f"average-{place['key']}"
    ):
        st.caption("Average", width="content", help=AVERAGE)
        chosen = st.selectbox(
            "Moving average, steps", WINDOWS, accept_new_options=True, width=110, label_visibility="collapsed", **place
        )
    return window_of(chosen)


def _formula(run: Run, window: int | None) -> str:
    """What the line is, in plain words."""
    loss = run.get(TRAIN_LOSS)
    steps = (view.window_for(loss) if loss else 0) if window is None else window
    if not steps:
        return "Lines are the points as logged: no smoothing."
    auto = " (auto: about 2% of the run)" if window is None else ""
    return f"Solid: mean of the last {counted(steps, 'step')}{auto}. Faint: raw points. Validation as logged."


def _more(run: Run, widgets: Widgets) -> tuple[str, ...]:
    """Further curves of the log, each in a panel of its own."""
    tags = offered(run)
    if not tags:
        return ()
    with st.popover("More curves", type="tertiary"):
        said = f"{len(tags)} more were logged"
        return tuple(st.multiselect("Further panels", tags, placeholder=said, **widgets.place("more")))
