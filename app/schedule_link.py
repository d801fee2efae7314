"""From a remedy about the learning rate to the Schedules page with its numbers filled in."""

from collections.abc import Sequence

import streamlit as st

from app import schedule_state
from app.views import schedules
from diagnostics.report import Remedy
from diagnostics.run import Run
from diagnostics.schedules.remedied import remedied


def link(remedy: Remedy, run: Run, before: Sequence[Remedy] = ()) -> dict[str, str] | None:
    """What the address of the Schedules page says of the schedule that ``remedy`` asks for, ``before`` it others; None for none."""
    wanted = remedied(remedy, run, before)
    return {name: str(value) for name, value in schedule_state.values(wanted).items()} if wanted else None


def offer(run: Run, key: str, remedy: Remedy, before: Sequence[Remedy]) -> None:
    """A way there, for a ``run`` that the server knows as ``key``."""
    said = link(remedy, run, before)
    if said:
        page = st.Page(schedules.page, url_path="schedules")  # as in navigation.py: the path tells a page from others
        st.page_link(page, label="Open in Schedules", icon=":material/show_chart:", query_params={"run": key, **said})
