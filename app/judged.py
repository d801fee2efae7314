"""The verdicts on past logs that were dropped in: each log is judged once, and again when a meaning was changed."""

from collections.abc import Mapping

import streamlit as st

from app import past
from app.row import Case
from diagnostics.readers import ReadError
from diagnostics.readers.log import Log, Meaning
from diagnostics.run import Run

Known = dict[tuple[int, frozenset[tuple[str, Meaning]]], Case]  # by the log, and what was changed of its meanings
CASES = "upload.cases"


def case(log: Log | Run, changed: Mapping[str, Meaning]) -> Case:
    """The run that ``log`` tells of and its report, with the ``changed`` meanings by name of the series.

    Raises:
        ReadError: the log holds no number.
    """
    known: Known = st.session_state.setdefault(CASES, {})
    key = id(log), frozenset(changed.items())
    if key not in known:
        known[key] = past.case(log, dict(changed))
    return known[key]


def verdict(log: Log | Run) -> Case | None:
    """As ``case``, of the log as it was understood; None where it holds no number."""
    try:
        return case(log, {})
    except ReadError:
        return None


def forget() -> None:
    """The logs are gone, and others may take their places in memory."""
    st.session_state[CASES] = {}
