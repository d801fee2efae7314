"""What would another learning-rate schedule look like over my run, and how do I write it?"""

import streamlit as st

from app import library, schedule_figures, schedule_form, schedule_scaling, schedule_state
from app.plot.component import chart
from app.schedule_chart import figure
from app.words import plain
from diagnostics.run import Run
from diagnostics.schedules import SHAPES, Schedule, huggingface, keras, pytorch
from diagnostics.schedules.start import start

ALONE = "schedules.alone"  # whether the reader wants no run
NO_RUN = Run("", {})
CODE = {"PyTorch": pytorch.code, "Hugging Face": huggingface.code, "Keras": keras.code}


def page() -> None:
    """Choose a shape, its peak, length and warm-up; see it over the run's own learning rate, and take it along as code."""
    st.title("Schedules")
    key, run = _run()
    kind = schedule_form.shape()
    inputs, shown = st.columns([0.27, 0.73], gap="large")
    with inputs, st.container(key="schedule-form"):
        schedule = _schedule(kind)
        at = schedule_form.number("Show the rate at step", "at", 0, schedule_state.LONGEST, whole=True)
        log = st.toggle("Log axis", key="lr_log", bind="query-params")
    with shown:
        if schedule:
            at = min(at, schedule.total_steps - 1)
            schedule_figures.show(schedule, run, at)
        made = figure(run, key, schedule, at, log=log)
        chart(made, key="schedules.chart", alt=f"{SHAPES[kind].title} schedule over the run's learning rate")
        st.caption(plain(SHAPES[kind].rate.__doc__))
    if schedule:
        _code(schedule)
        schedule_scaling.offer(schedule)


def _run() -> tuple[str | None, Run]:
    """The run to draw over, and all inputs filled from it; none is fine too."""
    keys = library.keys()
    key = schedule_state.known("run") or (keys[0] if keys and not st.session_state.get(ALONE) else None)
    case = library.case(key) if key else None
    begun = start(case.run if case else NO_RUN)
    more = schedule_scaling.usual(case.run if case else NO_RUN)
    schedule_state.begin(begun, {"run": key, "at": begun.total_steps // 2, **more})
    key = st.selectbox(
        "Over the learning rate of",
        keys if key in keys or not case else [key, *keys],  # it may be asked for before all are listed
        None,
        key="run",
        bind="query-params",
        persist_state="session",
        placeholder="no run",
        on_change=_restart,
        width=460,
    )
    return key, case.run if key and case else NO_RUN


def _restart() -> None:
    """Another run brings its own peak and length."""
    st.session_state[ALONE] = st.session_state["run"] is None
    case = library.case(st.session_state["run"]) if st.session_state["run"] else None
    schedule_state.restart(start(case.run if case else NO_RUN))


def _schedule(kind: str) -> Schedule | None:
    try:
        return Schedule(kind, **schedule_form.fields(kind))
    except ValueError as error:
        st.warning(plain(error), icon=":material/edit:")
        return None


def _code(schedule: Schedule) -> None:
    """The same curve in three frameworks, each with a button that copies it."""
    st.subheader("Copy as code", anchor=False)
    for tab, write in zip(st.tabs(list(CODE), key="code", bind="query-params"), CODE.values(), strict=True):
        with tab:
            st.code(write(schedule), language="python")
