"""Which runs are compared: those that were ticked, else those that the filter leaves; and what is said of them."""

from collections.abc import Sequence

import streamlit as st

from app import chosen, library, search, words
from app.filters import Found
from app.library import Row
from app.slot import slot


def which(every: Sequence[Row], now: float) -> Found | None:
    """What the filter leaves; None when runs were picked one by one."""
    if not chosen.RUNS.keys():
        found = search.search(every, now)
        search.keep({search.QUERY: st.session_state[search.QUERY]})
        return found
    with st.container(horizontal=True, vertical_alignment="center", width="stretch"):
        st.markdown(f"**{words.counted(len(chosen.RUNS.keys()), 'run')} chosen**", width="content")
        st.button("Clear", icon=":material/close:", type="tertiary", on_click=chosen.RUNS.choose, args=([],))
    return None


def rows(every: Sequence[Row], found: Found | None, drawn: int) -> list[Row]:
    """The runs to compare, and a word on how they came about. ``drawn``: how many of them the view has room for."""
    if found:
        search.problem(found)
        line = slot()
        if found.rows:
            said = _said(len(found.rows), len(every), drawn)
            line.caption(f"{said}\\. Tick some on the Runs page to compare just those\\.")
        return found.rows
    by_key = {row.key: row for row in every}
    keys = chosen.RUNS.keys()
    line = slot()
    if gone := sum(key not in by_key for key in keys):
        done, total = library.progress()
        line.caption(f"{gone:,} of them {'are still to be read' if done < total else 'are no longer there'}\\.")
    return [by_key[key] for key in keys if key in by_key]


def _said(found: int, every: int, drawn: int) -> str:
    if found > drawn:
        return f"The newest {drawn:,} of {words.counted(found, 'run')}"
    return f"{found:,} of {words.counted(every, 'run')}" if found < every else f"All {words.counted(every, 'run')}"


def nothing(*, any_runs: bool) -> None:
    """Why there is nothing to compare."""
    said = (
        "No run matches. Clear the filter to see all."
        if any_runs
        else "No run yet. Start a training, or drop a past log on Upload."
    )
    st.info(said, icon=":material/search_off:")
