"""What tells these runs apart, and which settings did best?"""

import time
from collections.abc import Sequence

import streamlit as st

from app import chosen, library, search, side_by_side, sweep
from app.filters import Found
from app.library import Row
from app.plot.component import listen
from app.views import diagnosis

UNASKED = 20  # runs overlaid when none were chosen
CURVES, PARALLEL, SCATTER = "curves", "parallel coordinates", "scatter"


def address(first: Sequence[Row] = ()) -> dict[str, str]:
    """The address that compares the runs chosen, else ``first``, else those that the filter leaves."""
    keys = chosen.RUNS.keys() or [row.key for row in first]
    query = str(st.session_state.get(search.QUERY) or "")
    return {chosen.RUNS.param: chosen.packed(keys)} if keys else {search.QUERY: query} if query else {}


def page() -> None:
    """The chosen runs overlaid, or their hyperparameters against what came of them."""
    st.title("Compare")
    search.restore()
    _compare()


@st.fragment
def _compare() -> None:
    now = time.time()
    every, _ = library.rows()
    search.reading()
    with st.container(horizontal=True, vertical_alignment="bottom", key="ask"):
        found = _which(every, now)
        view = st.segmented_control(
            "View",
            [CURVES, PARALLEL, SCATTER],
            default=CURVES,
            required=True,
            key="view",
            bind="query-params",
            persist_state="session",
            label_visibility="collapsed",
        )
    rows = _rows(every, found, UNASKED if view == CURVES else len(every))
    if not rows:
        _nothing(bool(every))
    elif view == PARALLEL:
        sweep.parallel_coordinates(rows)
    else:
        overlaid = rows[:UNASKED] if found else rows
        opened = side_by_side.show(overlaid, now) if view == CURVES else sweep.two_settings(rows)
        if opened is not None:
            st.switch_page(st.Page(diagnosis.page, url_path="diagnosis"), query_params={"run": opened})
    listen(None, key="compare.ear", alive=any(row.state == "running" for row in rows))


def _which(every: Sequence[Row], now: float) -> Found | None:
    """What the filter leaves; None when runs were picked one by one."""
    if not chosen.RUNS.keys():
        found = search.search(every, now)
        search.keep({search.QUERY: st.session_state[search.QUERY]})
        return found
    with st.container(horizontal=True, vertical_alignment="center", width="stretch"):
        st.markdown(f"**{len(chosen.RUNS.keys()):,} runs chosen**", width="content")
        st.button("Clear", icon=":material/close:", type="tertiary", on_click=chosen.RUNS.choose, args=([],))
    return None


def _rows(every: Sequence[Row], found: Found | None, drawn: int) -> list[Row]:
    """The runs to compare, and a word on how they came about. ``drawn``: how many of them the view has room for."""
    if found:
        search.problem(found)
        st.caption(
            f"{_said(len(found.rows), len(every), drawn)}\\. Tick some on the Runs page to compare just those\\."
        )
        return found.rows
    by_key = {row.key: row for row in every}
    keys = chosen.RUNS.keys()
    if gone := sum(key not in by_key for key in keys):
        st.caption(f"{gone:,} of them are no longer there\\.")
    return [by_key[key] for key in keys if key in by_key]


def _said(found: int, every: int, drawn: int) -> str:
    if found > drawn:
        return f"The newest {drawn:,} of {found:,} runs"
    return f"{found:,} of {every:,} runs" if found < every else f"All {every:,} runs"


def _nothing(any_runs: bool) -> None:
    said = (
        "No run matches. Clear the filter to see all."
        if any_runs
        else "No run yet. Start a training, or drop a past log on Upload."
    )
    st.info(said, icon=":material/search_off:")
