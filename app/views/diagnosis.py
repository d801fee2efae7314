"""What is wrong with this run, since when, and what should I change?"""

import streamlit as st

from app import empty, library, run_line, story, words
from app.plot.component import listen
from diagnostics.report import Report


def page() -> None:
    """One run, live: the verdict, the curves that show it, and the findings."""
    asked, keys = st.query_params.get("run"), library.keys()  # the address forgets a run that is not there
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="diagnosis-head"):
        st.title("Diagnosis", width="content")
        key = pick(keys)
    if key is None:
        _nothing(asked, bool(keys))
    else:
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
        label_visibility="collapsed",
        placeholder="Choose a run",
        width=340,
    )


@st.fragment
def _live(key: str) -> None:
    case = library.case(key)
    if case is None:
        st.info("This run is gone from its folder. Choose another above.", icon=":material/folder_off:")
    else:
        run_line.show(case, key)
        _toast(key, case.report)
        story.tell(case, f"diagnosis.{key}", run=key)
    listen(key, key="diagnosis.ear", alive=case is not None and case.run.state == "running")


def _toast(key: str, report: Report) -> None:
    """Say it when another verdict is given while the page is open; once a change."""
    before = st.session_state.get("told")
    st.session_state["told"] = (key, report.verdict)
    if before is not None and before[0] == key and before[1] != report.verdict:
        chip = words.verdict(report.verdict)
        st.toast(f"**{words.plain(chip.word)}**: {words.plain(report.headline.message)}", icon=chip.icon)


def _nothing(asked: str | None, any_runs: bool) -> None:
    """No such run: where runs come from."""
    if asked:
        said = words.plain(f"There is no run called {asked} here. It may have been moved or deleted.")
        st.info(f"{said} Choose another above." if any_runs else said, icon=":material/search_off:")
    elif any_runs:
        st.info("Choose a run above.", icon=":material/arrow_upward:")
    else:
        st.info("No run yet. It appears here by itself once a training begins.", icon=":material/search_off:")
        empty.welcome()
