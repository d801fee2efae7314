"""Which runs the reader ticked: kept in the address as ``runs=a,b,c`` and, from page to page, in the session."""

from collections.abc import Sequence
from urllib.parse import unquote

import streamlit as st

from app.listing import told

PARAM = "runs"
STATE, COUNT = "chosen.keys", "chosen.count"


def packed(keys: Sequence[str]) -> str:
    """``keys`` as one value of an address; only what would be ambiguous is escaped."""
    return ",".join(key.replace("%", "%25").replace(",", "%2C") for key in keys)


def unpacked(text: str) -> list[str]:
    """The keys that ``packed`` put together."""
    return [unquote(part) for part in text.split(",") if part]


def keys() -> list[str]:
    """The runs chosen: those of the address, else those of this session."""
    if PARAM in st.query_params:
        st.session_state[STATE] = unpacked(st.query_params[PARAM])
    found: list[str] = st.session_state.setdefault(STATE, [])
    if found and PARAM not in st.query_params:
        st.query_params[PARAM] = packed(found)
    return found


def choose(wanted: Sequence[str], count: int | None = None) -> None:
    """Choose ``wanted``; ``count`` is the number the browser gave this choice."""
    st.session_state[STATE] = list(wanted)
    st.session_state[COUNT] = echo() + 1 if count is None else count
    if wanted:
        st.query_params[PARAM] = packed(wanted)
    else:
        st.query_params.pop(PARAM, None)


def echo() -> int:
    """The number of the latest choice."""
    return int(st.session_state.get(COUNT, 0))


def ticked(table: str) -> None:
    """Boxes of ``table`` were ticked or cleared."""
    what = told(table, "chosen")
    choose([str(key) for key in what["keys"]], int(what["count"]))
