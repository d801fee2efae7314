"""Which of my runs needs me?"""

import time

import streamlit as st

from app import library, words
from app.listing import table
from app.plot.component import listen
from app.views import diagnosis


def page() -> None:
    """Every run with its verdict, newest first; a click opens its diagnosis."""
    st.title("Runs")
    _list()


@st.fragment
def _list() -> None:
    now = time.time()
    rows, broken = library.rows()
    if samples := all(row.sample for row in rows):
        st.caption(
            "Samples: small real trainings, most with one thing wrong. Your own runs will stand here, while they train."
        )
    name, verdicts = _filters(sorted({row.verdict for row in rows}))
    shown = [r for r in rows if name.lower() in r.key.lower() and (not verdicts or r.verdict in verdicts)]
    if (key := table(shown, now)) is not None:
        st.switch_page(st.Page(diagnosis.page, url_path="diagnosis"), query_params={"run": key})
    if rows and not shown:
        st.caption("No run matches. Clear the filter to see all.")
    for error in broken:
        st.warning(words.plain(f"{error.key}: {error.message}"), icon=":material/broken_image:")
    if samples:
        _welcome()
    listen(None, key="runs.ear", alive=any(row.state == "running" for row in rows))


def _filters(verdicts: list[str]) -> tuple[str, list[str]]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", key="runs.name", placeholder="filter by name", icon=":material/search:", width=240)
        chosen = st.multiselect(
            "Verdict",
            verdicts,
            key="runs.verdict",
            placeholder="all verdicts",
            format_func=lambda slug: words.verdict(slug).word,
            width=360,
        )
    return name, chosen


def _welcome() -> None:
    """No run of the reader's own yet: how to get one."""
    with st.container(border=True):
        st.markdown("**Watch your own training.** Three lines, and it appears above while it runs:")
        st.code(
            "from collector import Collector\n\n"
            'with Collector("runs/my-first", model=model, optimizer=optimizer) as run:\n'
            "    run.log(loss=loss)  # in your training loop",
            language="python",
        )
        folder = words.plain(library.folders()[0].path)
        st.caption(f"Watching {folder}\\. A log you already have goes to Upload\\.")
