"""The table of runs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from app.library import Row
from app.words import STATES, verdict

ROW_PX, HEAD_PX, SHOWN = 44, 36, 14  # heights of a row and of the header; rows before the table scrolls


def table(rows: Sequence[Row], now: float, key: str = "runs.table", shown: int = SHOWN) -> str | None:
    """Show ``rows`` as of ``now`` (s since 1970); the key of the run that was clicked, if one was."""
    if not rows:
        return None
    state = st.dataframe(
        [_cells(row, now) for row in rows],
        key=key,
        hide_index=True,
        row_height=ROW_PX,
        height=min(len(rows), shown) * ROW_PX + HEAD_PX,
        column_config=_columns(rows),
        on_select="rerun",
        selection_mode="single-cell",
        placeholder="",
        alt="Runs with their verdicts",
    )
    cells = state.selection.cells
    return rows[cells[0][0]].key if cells and cells[0][0] < len(rows) else None


def _cells(row: Row, now: float) -> dict[str, Any]:
    state = row.state_at(now)
    return {
        "run": row.name,
        "verdict": [verdict(row.verdict).word],
        "state": ["sample"] if row.sample else [STATES[state].word] if state in STATES else [],
        "loss": row.spark,
        "step": row.last_step,
        "val_loss": row.best_val_loss,
        "val_accuracy": row.best_val_accuracy,
        "when": datetime.fromtimestamp(row.last_time, UTC) if row.last_time else None,
    }


def _columns(rows: Sequence[Row]) -> dict[str, Any]:
    c = st.column_config
    chips = {chip.word: chip.colour for chip in (verdict(row.verdict) for row in rows)}
    states = {"sample": "gray", **{chip.word: chip.colour for chip in STATES.values()}}
    return {
        "run": c.TextColumn("Run", width=185, pinned=True),
        "verdict": c.MultiselectColumn("Verdict", options=list(chips), color=list(chips.values()), width=165),
        "state": c.MultiselectColumn("State", options=list(states), color=list(states.values()), width=85),
        "loss": c.LineChartColumn("Loss", color="blue", width=150),
        "step": c.NumberColumn("Last step", format="localized", width=80),
        "val_loss": c.NumberColumn("Best val loss", format="%.4g", width=100),
        "val_accuracy": c.NumberColumn("Best val acc", format="percent", width=100),
        "when": c.DatetimeColumn("Last row", format="distance", width=115),
    }
