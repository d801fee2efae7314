"""What each column of a past log was taken for, as a table that can be changed; the verdict follows."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.words import number, plain
from collector import schema
from diagnostics.readers.log import Log, Meaning
from diagnostics.readers.understanding.guess import guess

OWN = "keeps its name"
TAGS = (
    schema.TRAIN_LOSS, schema.VAL_LOSS, schema.TRAIN_ACCURACY, schema.VAL_ACCURACY,
    schema.LR, schema.GRAD_NORM, schema.UPDATE_RATIO, schema.UPDATE_ALIGNMENT, schema.EXCESS_LOSS,
    schema.STEP_TIME,
)  # fmt: skip
UNITS = {
    "as logged": (1.0, False),
    "per cent": (0.01, False),
    "error rate": (1.0, True),
    "error rate, per cent": (0.01, True),
}
ROW_PX, HEAD_PX = 36, 37
SHOWN = 8  # rows before the table scrolls


def edit(log: Log, key: str) -> dict[str, Meaning]:
    """Show what was understood; what the reader changed of it, by name."""
    meanings = guess(log)
    if guessed := {name: m for name, m in meanings.items() if m.guessed}:
        told = "; ".join(f"{name} as {m.tag} ({m.guessed})" for name, m in guessed.items())
        st.info(plain(f"Guessed: {told}. Change it below if it is wrong."), icon=":material/help:")
    with st.expander(f"How it was read: {_in_short(meanings)}", icon=":material/rule:"):
        rows = [_row(log, name, meaning) for name, meaning in meanings.items()]
        edited = st.data_editor(
            rows,
            key=key,
            hide_index=True,
            column_config=_columns(),
            disabled=["name", "points", "from", "to"],
            row_height=ROW_PX,
            height=min(len(rows), SHOWN) * ROW_PX + HEAD_PX,
        )
        for note in log.notes:
            st.caption(plain(note))
    now = {row["name"]: _meaning(row, meanings[row["name"]]) for row in edited}
    return {name: meaning for name, meaning in now.items() if meaning is not meanings[name]}


def _in_short(meanings: Mapping[str, Meaning]) -> str:
    known = [plain(f"{name} → {m.tag}" if name != m.tag else name) for name, m in meanings.items() if m.tag in TAGS]
    return ", ".join(known) if known else "no curve we know by name"


def _row(log: Log, name: str, meaning: Meaning) -> dict[str, Any]:
    series = next(s for s in log.series if s.name == name)
    unit = (meaning.scale, meaning.one_minus)
    return {
        "name": name,
        "read": meaning.tag if meaning.tag in TAGS else OWN,
        "unit": next((word for word, known in UNITS.items() if known == unit), "as logged"),
        "points": len(series),
        "from": number(float(series.values[0])),
        "to": number(float(series.values[-1])),
    }


def _columns() -> dict[str, Any]:
    c = st.column_config
    return {
        "name": c.TextColumn("In the log", width=220, pinned=True),
        "read": c.SelectboxColumn("Read as", options=[*TAGS, OWN], required=True, width=160),
        "unit": c.SelectboxColumn("Unit", options=list(UNITS), required=True, width=140),
        "points": c.NumberColumn("Points", format="localized", width=80),
        "from": c.TextColumn("First", width=90),
        "to": c.TextColumn("Last", width=90),
    }


def _meaning(row: Mapping[str, Any], before: Meaning) -> Meaning:
    """What the row says now; a row nobody touched means what it did."""
    scale, one_minus = UNITS[row["unit"]]
    tag = row["read"] if row["read"] != OWN else before.tag if before.tag not in TAGS else row["name"]
    if (tag, scale, one_minus) == (before.tag, before.scale, before.one_minus):
        return before
    return Meaning(tag, scale, one_minus, mean=before.mean)
