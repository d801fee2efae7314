"""What a list says beside its runs: what could not be read, and how to get runs where there are none."""

from collections.abc import Sequence

import streamlit as st

from app import library, words
from app.library import Broken

FEW = 2  # unreadable inputs that are told one by one


def unreadable(broken: Sequence[Broken]) -> None:
    """Inputs that could not be read, and why: many of them fold into one line."""
    lines = [words.plain(f"{error.key}: {error.message}") for error in broken]
    if len(lines) <= FEW:
        for line in lines:
            st.warning(line, icon=":material/broken_image:")
        return
    with st.expander(f"{len(lines):,} inputs could not be read", icon=":material/broken_image:"):
        st.markdown("\n".join(f"- {line}" for line in lines))


def welcome() -> None:
    """No run of the reader's own yet: how to get one."""
    with st.container(border=True):
        st.markdown("**Watch your own training.** Three lines, and it appears above while it runs:")
        st.code(
            "from collector import Collector\n\n"
            'with Collector("runs/my-first", model=model, optimizer=optimizer) as run:\n'
            "    run.log(loss=loss)  # in your training loop",
            language="python",
        )
        folder = words.plain(library.folders()[0].path)
        st.caption(f"Watching {folder}\\. A log you already have goes to Upload\\.")
