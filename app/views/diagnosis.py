"""What is wrong with this run, since when, and what should I change?"""

import time
from collections.abc import Iterator

import streamlit as st

from app import library, story, words
from app.plot.component import listen
from diagnostics import view
from diagnostics.pace import pace

LAG = 0.01  # of the run: a report that is less behind its curves says the same


def page() -> None:
    """One run, live: the verdict, the curves that show it, and the findings."""
    key = pick(library.keys())
    if key is None:
        st.info(
            "No such run. Choose one above, or start a training and it will be listed.", icon=":material/search_off:"
        )
        return
    _live(key)


def pick(keys: list[str]) -> str | None:
    """The run to look at; its key stays in the address, so that the page can be sent to a colleague."""
    asked = st.session_state.get("run") or st.query_params.get("run")
    if asked and asked not in keys and library.case(asked):
        keys = [asked, *keys]  # a link that is opened while the runs are still being listed
    if not keys:
        return None
    if "run" not in st.query_params:
        st.session_state["run"] = st.session_state.get("run", keys[0])  # set anew, or another page's choice is lost
    return st.selectbox(
        "Run",
        keys,
        None,  # no default: Streamlit leaves a default out of the address, and the newest run is another one tomorrow
        key="run",
        bind="query-params",
        persist_state="session",
    )


@st.fragment
def _live(key: str) -> None:
    case = library.case(key)
    if case is None:
        st.info("This run is gone from its folder. Choose another above.", icon=":material/folder_off:")
    else:
        _state(case)
        story.tell(case, f"diagnosis.{key}", run=key)
    listen(key, key="diagnosis.ear", alive=case is not None and case.run.state == "running")


def _state(case: library.Case) -> None:
    """How it goes: the state and the last exception, how far it is, how fast, how long it still takes."""
    run = case.run
    stalls_at = view.stalls_at(run)
    state = "stalled" if stalls_at is not None and time.time() > stalls_at else run.state
    with st.container(horizontal=True, vertical_alignment="center"):
        if state in words.STATES:
            chip = words.STATES[state]
            st.badge(chip.word, icon=chip.icon, color=chip.colour)
        st.caption(words.plain(" · ".join(_pace(case, state))), width="content")
        if run.exception:
            st.caption(words.plain(run.exception))
    if run.notes:
        st.caption(words.plain("; ".join(run.notes)))


def _pace(case: library.Case, state: str | None) -> Iterator[str]:
    run, speed = case.run, pace(case.run)
    yield f"{words.number(run.last_step)} steps" + (f" ({speed.done:.0%})" if speed.done is not None else "")
    if speed.steps_per_second is not None:
        yield f"{words.number(speed.steps_per_second)} steps/s"
    if state == "running" and speed.seconds_left is not None and run.last_time is not None:
        yield f"about {words.duration(speed.seconds_left - (time.time() - run.last_time))} left"
    if case.as_of is not None and run.last_step - case.as_of > LAG * run.last_step:
        yield f"judged as of step {words.number(case.as_of)}"
