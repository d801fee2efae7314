"""The inputs of the Schedules page: each keeps its value in the address, and starts from the run."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import streamlit as st
from streamlit.errors import StreamlitAPIException

from diagnostics.schedules import SHAPES, Schedule

NONE, GRADUAL, CONSTANT = "none", "gradual", "constant"
LONGEST = 10**12  # steps: as far as a float counts them without error, and a thousand times any training
TITLES = {shape.title: kind for kind, shape in SHAPES.items()}
ONE_CYCLE: dict[str, Any] = {"warmup_start": 0.04}  # 1 / 25, torch's div_factor
LOW = 0.1  # of the peak
WARMING = "Gradual: evenly up to the peak. Constant: low, then at once the peak (Goyal et al. 2017, section 2.2)."
USUAL = "schedules.usual"
BIND: Literal["query-params"] = "query-params"


@dataclass(frozen=True)
class Field:
    """A number that some shapes need: its words, its range, whether it counts steps, and what it starts from."""

    label: str
    low: float
    high: float
    usual: Callable[[Schedule], Any]
    whole: bool = False
    help: str | None = None


def _steps(label: str, usual: Callable[[Schedule], int], help: str | None = None) -> Field:
    return Field(label, 1, LONGEST, usual, whole=True, help=help)


FIELDS = {
    "final": Field("Final learning rate", 0.0, 1e6, lambda s: s.final, help="Reached after the last step."),
    "every": _steps("Steps per drop", lambda s: s.every),
    "factor": Field("Factor of a drop", 0.0, 1.0, lambda s: s.factor, help="The rate is multiplied by this."),
    "period": _steps("Steps of the first cosine", lambda s: max(s.after // 3, 1)),
    "growth": Field("Each cosine is longer by", 1, 100, lambda s: s.growth, whole=True, help="T_mult in SGDR."),
    "power": Field("Power", 0.0, 100.0, lambda s: s.power, help="1 is a straight line."),
    "timescale": _steps("Timescale, steps", lambda s: s.timescale, "The warm-up's length gives the Transformer's."),
    "rise": Field("Share of steps going up", 0.0, 1.0, lambda s: s.rise),
    "warmup_start": Field("Starts at, share of the peak", 0.0, 1.0, lambda s: s.warmup_start),
    "decay_steps": _steps("Steps of the decay", lambda s: s.decay_steps, "Usually 10 to 20 % of all."),
}


def seed(values: dict[str, Any]) -> None:
    """Fill each input that neither the address nor the reader has set, and write it into the address.

    No input has a default of its own: Streamlit leaves a default out of the address, and a link has to say it all.
    """
    state = st.session_state
    state.setdefault(USUAL, {}).update(values)
    lacking = {name: value for name, value in values.items() if name not in st.query_params and value is not None}
    new = {name: value for name, value in lacking.items() if state.get(name) is None}
    state.update({name: value if name in new else state[name] for name, value in lacking.items()})
    with contextlib.suppress(StreamlitAPIException):  # an input that was shown before: Streamlit writes it itself
        st.query_params.update(new)


def usual(name: str, value: Any) -> Any:
    """``value``, or what the input began with: going back to an address without it empties an input."""
    return st.session_state.get(USUAL, {}).get(name) if value is None else value


def values(schedule: Schedule) -> dict[str, Any]:
    """What the inputs hold when they say ``schedule``."""
    found = {"shape": SHAPES[schedule.kind].title, "peak": schedule.peak, "total": schedule.total_steps, "warmup": NONE}
    if schedule.warmup_steps:
        found |= {"warmup": schedule.warmup, "warmup_steps": schedule.warmup_steps, "start": schedule.warmup_start}
    return found | {name: _text(getattr(schedule, name)) for name in SHAPES[schedule.kind].uses}


def _text(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def refill(schedule: Schedule) -> None:
    """Say ``schedule``; what other shapes need starts from the new length when they are next shown."""
    found = values(schedule)
    for name in (*FIELDS, "milestones"):
        if name not in found:
            st.session_state.pop(name, None)
    st.session_state.update(found)


def restart(schedule: Schedule) -> None:
    """Take the peak, the length and the warm-up of ``schedule``, and keep the shape."""
    kind = TITLES.get(str(st.session_state.get("shape")), schedule.kind)
    begun = (
        replace(schedule, kind=kind, warmup_steps=0, **ONE_CYCLE)
        if kind == "one_cycle"
        else replace(schedule, kind=kind)
    )
    refill(replace(begun, **{name: FIELDS[name].usual(begun) for name in SHAPES[kind].uses if name in FIELDS}))


def number(
    label: str, key: str, low: float, high: float, *, whole: bool = False, help: str | None = None, step: float = 0.01
) -> Any:
    """A number of any size, as it is; emptied, it is what it began with."""
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
    """All of a ``Schedule`` but its kind. Raises ValueError where it does not fit, in one line."""
    peak = number("Peak learning rate", "peak", 1e-12, 1e6, step=1e-4)
    total = number("Total steps", "total", 1, LONGEST, whole=True)
    found: dict[str, Any] = {"peak": peak, "total_steps": total, **(_warmup() if kind != "one_cycle" else {})}
    begun = Schedule(kind, **found, **(ONE_CYCLE if kind == "one_cycle" else {}))
    for name in SHAPES[kind].uses:
        found[name] = _milestones(begun) if name == "milestones" else _field(name, begun)
    return found


def _field(name: str, begun: Schedule) -> Any:
    field = FIELDS[name]
    seed({name: field.usual(begun)})
    return number(field.label, name, field.low, field.high, whole=field.whole, help=field.help)


def _warmup() -> dict[str, Any]:
    how = st.segmented_control(
        "Warm-up", [NONE, GRADUAL, CONSTANT], key="warmup", bind=BIND, required=True, help=WARMING, on_change=_begin
    )
    if usual("warmup", how) == NONE:
        return {}
    steps, start = st.columns(2)
    with steps:
        count = number("Warm-up steps", "warmup_steps", 0, LONGEST, whole=True)
    with start:
        share = number("From × peak", "start", 0.0, 1.0)
    return {"warmup_steps": count, "warmup": usual("warmup", how), "warmup_start": share}


def _begin() -> None:
    """A constant warm-up cannot begin at 0."""
    if st.session_state["warmup"] == CONSTANT and not st.session_state.get("start"):
        st.session_state["start"] = LOW


def _milestones(begun: Schedule) -> tuple[int, ...]:
    seed({"milestones": _text(begun.milestones)})
    text = st.text_input("Drops at steps", None, key="milestones", bind=BIND, help="Separated by commas.")
    text = usual("milestones", text)
    try:
        return tuple(int(part.replace("_", "")) for part in text.replace(";", ",").split(",") if part.strip())
    except ValueError:
        raise ValueError(f"Drops are whole steps with commas between them, not {text!r}.") from None
