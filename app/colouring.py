"""What the colours of an overlay tell apart: the runs, or what some of them have in common."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.fields import FIELDS, differing, setting, settings
from app.grouping import grouped
from app.library import Row
from app.plot import palette

RUN = "run"


def ask(rows: Sequence[Row]) -> str:
    """By what to colour: the slug of a field, or ``RUN``."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Colour by", width="content")
        chosen = st.selectbox(
            "Colour by",
            [RUN, "verdict", *(setting(name).slug for name in differing(rows))],
            key="colour",
            bind="query-params",
            persist_state="session",
            label_visibility="collapsed",
        )
    return str(chosen)


def groups(rows: Sequence[Row], by: str, now: float) -> dict[str, tuple[str, ...]]:
    """Keys of the runs that share a colour, by what they have in common as of ``now`` (s since 1970); empty: each its own."""
    if by == RUN:
        return {}
    found = grouped(rows, by, {"verdict": FIELDS["verdict"], **settings(rows)}, now)
    return {label: tuple(row.key for row in members) for label, members in found}


def marks(keys: Sequence[str], together: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """What tells each run from the others, a number of the palette; those that are ``together`` share it."""
    one = {key: name for name, members in together.items() for key in members}
    found = palette.assigned(list(dict.fromkeys(one.get(key, key) for key in keys)))
    return {key: found[one.get(key, key)] for key in keys}
