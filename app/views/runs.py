"""Which of my runs needs me?"""

import time
from collections.abc import Sequence
from functools import partial
from typing import Literal

import streamlit as st

from app import chosen, empty, library, search
from app.filters import Found
from app.library import Row
from app.listing import Look, columns, table
from app.plot.component import listen
from app.search import Order
from app.slot import slot
from app.views import compare, diagnosis
from app.words import counted

TABLE = "runs.table"
PAGE = 100  # runs at a time: some 60 KB, so that a live list is redrawn at once


def page() -> None:
    """Every run with its verdict, newest first; a click opens its diagnosis."""
    st.title("Runs")
    search.restore()
    _list()


@st.fragment
def _list() -> None:
    now = time.time()
    rows, broken = library.rows()
    unread = search.reading()
    said = slot()
    if samples := all(row.sample for row in rows):
        said.caption(
            "Samples: small real trainings, most with one thing wrong. Your own runs will stand here as they train."
        )
    with st.container(horizontal=True, vertical_alignment="bottom", key="ask"):
        found = search.search(rows, now)
        order = search.arrange(rows, found)
    search.problem(found)
    _actions(rows, found, search.sort(found, order, now)[: compare.UNASKED] if order.slug else ())
    _table(rows, found, order, now)
    with slot():
        empty.unreadable(broken)
    with slot():
        if samples and not unread:
            empty.welcome()
    listen(None, key="runs.ear", alive=any(row.state == "running" for row in rows))


def _table(rows: Sequence[Row], found: Found, order: Order, now: float) -> None:
    place, below, none = slot(), slot(), slot()
    pages = max(-(-len(found.rows) // PAGE), 1)
    at = below.pagination(pages, key=search.PAGE, bind="query-params") if pages > 1 else 1
    look = Look(order.slug, chosen.RUNS.keys(), chosen.RUNS.echo(), search.chips(rows, found, now))
    on = {"sorted": search.resort, "toggled": search.toggle, "chosen": chosen.RUNS.ticked}
    with place:
        clicked = table(
            search.lines(found, order, now, (at - 1) * PAGE, PAGE),
            columns(found.rows, order.settings, now),
            now,
            look,
            key=TABLE,
            **{f"on_{event}_change": partial(act, TABLE) for event, act in on.items()},
        )
    if rows and not found.rows:
        none.caption("No run matches. Clear the filter to see all.")
    if clicked is not None:
        st.switch_page(st.Page(diagnosis.page, url_path="diagnosis"), query_params={"run": clicked})


def _actions(rows: Sequence[Row], found: Found, first: Sequence[Row]) -> None:
    """How many runs there are, and what to do with those that were ticked. ``first``: those on top where it is sorted."""
    ticked = chosen.RUNS.keys()
    with st.container(horizontal=True, vertical_alignment="center"):
        few = f"{len(found.rows):,} of " if len(found.rows) < len(rows) else ""
        chose = f", {len(ticked):,} chosen" if ticked else ""
        st.caption(f"{few}{counted(len(rows), 'run')}{chose}", width="content")
        many = len(ticked) or min(compare.UNASKED, len(found.rows))
        which = "all" if many == len(found.rows) else "the first" if first else "the newest"
        label = f"Compare {counted(many, 'run') if ticked else f'{which} {many:,}'}"
        kind: Literal["primary", "tertiary"] = "primary" if ticked else "tertiary"
        if (ticked or many > 1) and st.button(label, icon=":material/stacked_line_chart:", type=kind, key="compare"):
            st.switch_page(st.Page(compare.page, url_path="compare"), query_params=compare.address(first))
        if ticked:
            st.button("Clear", icon=":material/close:", type="tertiary", on_click=chosen.RUNS.choose, args=([],))
