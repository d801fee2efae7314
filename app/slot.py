"""A place for what stands on a page only at times."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def slot(key: str | None = None) -> DeltaGenerator:
    """A container that is there whether or not anything is in it; empty, it takes no room.

    Streamlit knows most of a page by its place in the order. Where something above comes or goes, all that follows is
    made anew in the browser: a field that is being typed in is no longer said in the address, what is unfolded folds,
    a click falls between two buttons. Live pages put what comes and goes into a slot.
    """
    return st.container(key=key)
