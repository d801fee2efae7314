"""The run's hyperparameters as a table that can be searched and sorted."""

import pandas as pd
import streamlit as st

from app.row import settings
from app.words import number
from diagnostics.run import Run

MOST = 500  # what is more is a data set, and the run's own file has it


def show(run: Run, key: str) -> None:
    """A folded table, made when it is unfolded: a table brings a third of Streamlit's scripts. Nothing where the log has none."""
    found = settings(run.config, MOST)
    if not found:
        return
    folded = st.expander(f"Hyperparameters: {len(found):,}", key=f"{key}.hyperparameters", on_change="rerun")
    if not folded.open:
        return
    values = [str(v).lower() if isinstance(v, bool) else number(v) for v in found.values()]
    folded.dataframe(
        pd.DataFrame({"Name": list(found), "Value": values}),
        hide_index=True,
        height="content" if len(found) <= 12 else 420,
    )
