"""What do these runs have in common, and what tells them apart?"""

import streamlit as st

from app import chosen, search

UNASKED = 20  # runs overlaid when none were chosen


def address() -> dict[str, str]:
    """The address of what is compared now."""
    keys = chosen.keys()
    query = str(st.session_state.get(search.QUERY) or "")
    return {chosen.PARAM: chosen.packed(keys)} if keys else {search.QUERY: query} if query else {}


def page() -> None:
    """The chosen runs, overlaid."""
    st.title("Compare")
