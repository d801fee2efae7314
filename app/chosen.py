"""Runs that the reader ticked: kept in the address as ``runs=a,b,c`` and, from page to page, in the session."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import streamlit as st

from app.listing import told


def packed(keys: Sequence[str]) -> str:
    """``keys`` as one value of an address; only what would be ambiguous is escaped."""
    return ",".join(key.replace("%", "%25").replace(",", "%2C") for key in keys)


def unpacked(text: str) -> list[str]:
    """The keys that ``packed`` put together."""
    return [unquote(part) for part in text.split(",") if part]


@dataclass(frozen=True)
class Choice:
    """A set of runs under the name ``param`` of the address."""

    param: str

    def keys(self) -> list[str]:
        """The runs in it: those of the address, else those of this session."""
        state = f"chosen.{self.param}"
        if self.param in st.query_params:
            st.session_state[state] = unpacked(st.query_params[self.param])
        found: list[str] = st.session_state.setdefault(state, [])
        if found and self.param not in st.query_params:
            st.query_params[self.param] = packed(found)
        return found

    def choose(self, wanted: Sequence[str], count: int | None = None) -> None:
        """Have ``wanted`` in it; ``count`` is the number the browser gave this choice."""
        st.session_state[f"chosen.{self.param}"] = list(wanted)
        st.session_state[f"chosen.{self.param}.count"] = self.echo() + 1 if count is None else count
        if wanted:
            st.query_params[self.param] = packed(wanted)
        else:
            st.query_params.pop(self.param, None)

    def echo(self) -> int:
        """The number of the latest choice."""
        return int(st.session_state.get(f"chosen.{self.param}.count", 0))

    def ticked(self, table: str) -> None:
        """Boxes of ``table`` were ticked or cleared."""
        keys, count = ticks(table)
        self.choose(keys, count)


def ticks(table: str) -> tuple[list[str], int]:
    """The runs whose box is ticked in ``table``, and the number of that choice."""
    what = told(table, "chosen")
    return [str(key) for key in what["keys"]], int(what["count"])


RUNS, HIDDEN = Choice("runs"), Choice("hide")
