"""Where past logs are dropped or pasted, and their reading: once, with a bar while it takes long."""

import io
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import judged, past

FILES, FOLDER, TEXT = "Files", "A folder", "Text"
LABELS = {
    FILES: "Drop logs of any tool here: one or several, also as zip or tar",
    FOLDER: "The folder of one run or of several",
    TEXT: "Paste the output of a training",
}
ROUND = "upload.round"  # counts the readings that were discarded: new widgets are empty ones
EXAMPLE = """step 0: train loss 4.1676, val loss 4.1649
iter 10: loss 3.2413, time 9.52ms
iter 20: loss 2.7897, time 9.47ms"""


class Text(io.BytesIO):
    """Pasted text as if it were a file."""

    name = past.PASTED


def dropped() -> tuple[Sequence[past.Dropped], Any]:
    """What was given, and what tells it from anything else; nothing and None while nothing was."""
    turn = st.session_state.setdefault(ROUND, 0)
    kind = st.segmented_control(
        "From", [FILES, FOLDER, TEXT], default=FILES, key="upload.kind", label_visibility="collapsed"
    )
    label, key = LABELS[kind or FILES], f"upload.{kind}.{turn}"
    if kind == TEXT:
        text = st.text_area(label, key=key, height=180, placeholder=EXAMPLE)
        return ([Text(text.encode())], text) if text.strip() else ([], None)
    many: Any = "directory" if kind == FOLDER else True
    files = st.file_uploader(label, accept_multiple_files=many, key=key)
    return files, tuple(file.file_id for file in files)


def reading(files: Sequence[past.Dropped], mark: Any) -> past.Reading:
    """What is in ``files``, which ``mark`` tells from others."""
    done: dict[Any, past.Reading] = st.session_state.setdefault("upload.read", {})
    if mark not in done:
        done.clear()  # one at a time: a log is in memory twice as it is
        judged.forget()
        bar = st.progress(0.0, "Reading")
        done[mark] = past.read(files, lambda share: _show(bar, share))
        bar.empty()
    return done[mark]


def discard() -> None:
    """Begin anew."""
    st.session_state[ROUND] += 1
    st.rerun()


def _show(bar: Any, share: float) -> None:
    bar.progress(share, "Reading")
