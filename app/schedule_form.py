"""The inputs of the Schedules page: each keeps its value in the address."""

from typing import Any, Literal

import streamlit as st

from app.schedule_state import CONSTANT, FIELDS, GRADUAL, LONGEST, LOW, NONE, TITLES, fill, shaped, usual, warm
from diagnostics.schedules import SHAPES, Schedule

WARMING = "Gradual: evenly up to the peak. Constant: low, then at once the peak (Goyal et al. 2017, section 2.2)."
BIND: Literal["query-params"] = "query-params"


def number(
    label: str, key: str, low: float, high: float, *, whole: bool = False, help: str | None = None, step: float = 0.01
) -> Any:
    """A number of any size, as it is."""
    kind = int if whole else float
    given = st.number_input(
        label,
        kind(low),
        kind(high),
        None,
        kind(1) if whole else step,
        "%d" if whole else "%.6g",
        key=key,
        help=help,
        bind=BIND,
        placeholder=f"{usual(key, None):g}",
    )
    return kind(usual(key, given))


def shape() -> str:
    """The kind of schedule."""
    return TITLES[usual("shape", st.pills("Shape", list(TITLES), key="shape", bind=BIND, required=True))]


def fields(kind: str) -> dict[str, Any]:
    """All of a ``Schedule`` but its kind. Raises ValueError, in one line, where something cannot be."""
    peak = number("Peak learning rate", "peak", 1e-12, 1e6, step=1e-4)
    total = number("Total steps", "total", 1, LONGEST, whole=True)
    found = {"peak": peak, "total_steps": total, **(_warmup(total) if kind != "one_cycle" else {})}
    fill(shaped(Schedule("constant", **found), kind))
    return {**found, **{name: _field(name) for name in SHAPES[kind].uses}}


def _field(name: str) -> Any:
    field = FIELDS[name]
    if name != "milestones":
        return number(field.label, name, field.low, field.high, whole=field.whole, help=field.help)
    text = str(usual(name, st.text_input(field.label, None, key=name, bind=BIND, help=field.help)))
    try:
        return tuple(int(part.replace("_", "")) for part in text.replace(";", ",").split(",") if part.strip())
    except ValueError:
        raise ValueError(f"Drops are whole steps with commas between them, not {text!r}.") from None


def _warmup(total: int) -> dict[str, Any]:
    fill({"warmup": GRADUAL})
    chosen = st.segmented_control(
        "Warm-up", [NONE, GRADUAL, CONSTANT], key="warmup", bind=BIND, required=True, help=WARMING, on_change=_rise
    )
    how = usual("warmup", chosen)
    if how == NONE:
        return {}
    fill(warm(total, how))
    steps, start = st.columns(2)
    with steps:
        count = number("Warm-up steps", "warmup_steps", 0, LONGEST, whole=True)
    with start:
        share = number("From × peak", "start", 0.0, 1.0)
    return {"warmup_steps": count, "warmup": how, "warmup_start": share}


def _rise() -> None:
    """A constant warm-up cannot begin at 0."""
    if st.session_state["warmup"] == CONSTANT and not st.session_state.get("start"):
        st.session_state["start"] = LOW
