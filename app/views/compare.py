"""What tells these runs apart, and which settings did best?"""

import time
from collections.abc import Sequence

import streamlit as st

from app import chosen, compared, library, search, side_by_side, sweep
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
        found = compared.which(every, now)
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
    rows = compared.rows(every, found, UNASKED if view == CURVES else len(every))
    if not rows:
        compared.nothing(any_runs=bool(every))
    elif view == PARALLEL:
        sweep.parallel_coordinates(rows)
    else:
        overlaid = rows[:UNASKED] if found else rows
        opened = side_by_side.show(overlaid, now) if view == CURVES else sweep.two_settings(rows)
        if opened is not None:
            st.switch_page(st.Page(diagnosis.page, url_path="diagnosis"), query_params={"run": opened})
    listen(None, key="compare.ear", alive=any(row.state == "running" for row in rows))
