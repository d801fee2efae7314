"""The run's hyperparameters as a table that can be searched and sorted."""

import pandas as pd
import streamlit as st

from app.row import settings
from app.words import number
from diagnostics.run import Run

MOST = 500  # what is more is a data set, and the run's own file has it


def show(run: Run) -> None:
    """A folded table; nothing where the log has none."""
    found = settings(run.config, MOST)
    if not found:
        return
    with st.expander(f"Hyperparameters: {len(found):,}"):
        values = [str(v).lower() if isinstance(v, bool) else number(v) for v in found.values()]
        st.dataframe(
            pd.DataFrame({"Name": list(found), "Value": values}),
            hide_index=True,
            height="content" if len(found) <= 12 else 420,
        )
