"""What the inputs of the Schedules page hold: it stands in the address, and starts from the run."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from diagnostics.schedules import SHAPES, Schedule
from diagnostics.schedules.start import STEPS, WARMUP

NONE, GRADUAL, CONSTANT = "none", "gradual", "constant"
LONGEST = 10**12  # steps: as far as a float counts them without error, and a thousand times any training
LOW = 0.1  # of the peak: where a constant warm-up begins unless told
TITLES = {shape.title: kind for kind, shape in SHAPES.items()}
USUAL = "schedules.usual"
ONE_CYCLE: dict[str, Any] = {"warmup_steps": 0, "warmup_start": 0.04}  # 1 / 25, torch's div_factor


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
    "milestones": Field("Drops at steps", 0, 0, lambda s: _text(s.milestones), help="Separated by commas."),
    "period": _steps("Steps of the first cosine", lambda s: max(s.after // 3, 1)),
    "growth": Field("Each cosine is longer by", 1, 100, lambda s: s.growth, whole=True, help="T_mult in SGDR."),
    "power": Field("Power", 0.0, 100.0, lambda s: s.power, help="1 is a straight line."),
    "timescale": _steps("Timescale, steps", lambda s: s.timescale, "The warm-up's length gives the Transformer's."),
    "rise": Field("Share of steps going up", 0.0, 1.0, lambda s: s.rise),
    "warmup_start": Field("Starts at, share of the peak", 0.0, 1.0, lambda s: s.warmup_start),
    "decay_steps": _steps("Steps of the decay", lambda s: s.decay_steps, "Usually 10 to 20% of all."),
}


def begin(usual: Schedule, more: dict[str, Any]) -> None:
    """Fill each input that neither the address nor the reader has set: from ``usual`` and ``more``.

    No input has a default of its own: Streamlit leaves a default out of the address, and a link has to say it all. All at
    once, for each time the address changes is a step back in the browser; what a new choice asks for comes when it is made.
    """
    st.session_state[USUAL] = {}
    kind = TITLES.get(str(known("shape")), usual.kind)
    warmup = known("warmup") or (GRADUAL if usual.warmup_steps else NONE)
    warming = {"warmup": warmup, **(warm(usual.total_steps, warmup) if warmup != NONE else {})}
    head = {"shape": SHAPES[kind].title, "peak": usual.peak, "total": usual.total_steps}
    fill({**head, **({} if kind == "one_cycle" else warming), **shaped(usual, kind), **more})


def fill(wanted: dict[str, Any]) -> None:
    """Give ``wanted`` to the inputs that have no value, and write into the address what it does not say."""
    state = st.session_state
    state[USUAL] |= wanted
    state.update({name: value for name, value in wanted.items() if known(name) is None})
    unsaid = {name: known(name) for name in wanted if name not in st.query_params and known(name) is not None}
    state.update(unsaid)  # an input that comes from another page has its value only if it is set anew
    with contextlib.suppress(StreamlitAPIException):  # an input that stands there already: Streamlit writes it itself
        st.query_params.update(unsaid)


def known(name: str) -> Any:
    """What the address or the reader says for an input; None where neither does."""
    return st.query_params.get(name, st.session_state.get(name))


def shaped(schedule: Schedule, kind: str) -> dict[str, Any]:
    """What the inputs that come with the shape ``kind`` start from, over the length of ``schedule``."""
    begun = _in_shape(schedule, kind)
    return {name: FIELDS[name].usual(begun) for name in SHAPES[kind].uses}


def warm(total: int, how: str) -> dict[str, Any]:
    """What the inputs of a warm-up start from."""
    return {"warmup_steps": int(WARMUP * total), "start": LOW if how == CONSTANT else 0.0}


def _in_shape(schedule: Schedule, kind: str) -> Schedule:
    """The shape ``kind`` over the length of ``schedule``, or where that is too short over a usual one."""
    warming = {"warmup_steps": schedule.warmup_steps, "warmup_start": schedule.warmup_start}
    begun = ONE_CYCLE if kind == "one_cycle" else warming
    try:
        return Schedule(kind, schedule.peak, schedule.total_steps, **begun)
    except ValueError:
        return Schedule(kind, schedule.peak, STEPS, **begun)


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
    for name in FIELDS:
        if name not in found:
            st.session_state.pop(name, None)
    st.session_state.update(found)


def restart(schedule: Schedule) -> None:
    """Take the peak, the length and the warm-up of ``schedule``, and keep the shape."""
    kind = TITLES.get(str(st.session_state.get("shape")), schedule.kind)
    refill(_in_shape(schedule, kind))
    st.session_state.update(shaped(schedule, kind))


def usual(name: str, value: Any) -> Any:
    """``value``, or what the input began with: an input may be emptied, also by going back to an address without it."""
    return st.session_state[USUAL].get(name) if value is None else value
