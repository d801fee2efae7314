"""How a run goes, in one line: state, how far it is, how fast, how long it still takes, where it comes from; and its data."""

import time
from collections.abc import Iterator
from urllib.parse import quote

import streamlit as st

from app import words
from app.library import Case
from app.slot import slot
from diagnostics import view
from diagnostics.pace import pace

DOWNLOADS = {
    "report.html": ("Report (HTML)", "Verdict, curves and settings in one file that opens offline"),
    "data.csv": ("Data (CSV)", "Every point of every curve as it was logged, NaN and Inf included"),
    "data.parquet": ("Data (Parquet)", "The same, smaller and exact"),
}
KEYS = {
    "j, k": "next and previous finding (also ↓ and ↑ in the chart)",
    "1 … 9": "that finding; again: all of the run",
    "l": "loss on a logarithmic axis",
    "r, Esc": "show all of the run",
    "/": "choose another run",
    "?": "this list",
}


def show(case: Case, key: str) -> None:
    """The line, and what ended a run that crashed; the server knows the run as ``key``."""
    run = case.run
    stalls_at = view.stalls_at(run)
    state = "stalled" if stalls_at is not None and time.time() > stalls_at else run.state
    with st.container(horizontal=True, vertical_alignment="center", key="run-line"):
        if state in words.STATES:
            chip = words.STATES[state]
            st.badge(chip.word, icon=chip.icon, color=chip.colour)
        st.caption(words.plain(" · ".join(_pace(case, state))), width="content")
        st.space("stretch")
        _downloads(key)
        _keys()
    line = slot()
    if run.exception:
        line.markdown(f":red[:material/report: **Crashed:**] {words.plain(run.exception)}")


def _downloads(key: str) -> None:
    """What can be taken along: made when it is asked for, by routes of our own."""
    with st.popover("Download", icon=":material/download:", type="tertiary"):
        for name, (label, told) in DOWNLOADS.items():
            address = f"/curvewise/{name}?run={quote(key)}"
            st.link_button(label, address, help=told, width="stretch")


def _keys() -> None:
    """What the keyboard does; ``?`` opens it."""
    with st.popover("Keys", icon=":material/keyboard:", type="tertiary", key="keys"):
        st.markdown("\n".join(f"- **{words.plain(key)}** {words.plain(told)}" for key, told in KEYS.items()))


def _pace(case: Case, state: str | None) -> Iterator[str]:
    run, speed = case.run, pace(case.run)
    yield words.counted(run.last_step, "step") + (f" ({speed.done:.0%})" if speed.done is not None else "")
    if speed.steps_per_second is not None:
        yield f"{words.figure(speed.steps_per_second)} steps/s"
    if state == "running" and speed.seconds_left is not None and run.last_time is not None:
        yield f"about {words.duration(speed.seconds_left - (time.time() - run.last_time))} left"
