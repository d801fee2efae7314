"""The table of runs: what stands in each cell, and what a reader did with it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from app.fields import FIELDS, Field, Value, missing
from app.library import Row
from app.words import STATES, duration, number, verdict

HERE = Path(__file__).parent / "plot"
FILTER = "Filter"  # the label of the field that "/" goes to
SPARK = Field(
    "spark",
    "Loss",
    lambda row, now: None,
    tip="Training loss over the run, on a log scale where it falls by more than a factor of 30; red where it is NaN or Inf",
)
CHIPS = ("verdict", "state")
KINDS = {"name": "run", "verdict": "chip", "state": "chip", "spark": "spark", "age": "age"}
KINDS |= dict.fromkeys(("last", "train", "val", "value"), "number")  # also where one of them is NaN
BEST = ("loss", "accuracy")  # what a phone shows beside name, verdict and curve

_table = st.components.v2.component(
    "curvewise.table",
    js=(HERE / "table.js").read_text(encoding="utf-8"),
    css=(HERE / "table.css").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Heading:
    """A line above the runs of one group."""

    group: str
    note: str


@dataclass(frozen=True)
class Chip:
    """A value that the list can be narrowed to, and how many runs have it."""

    field: str
    value: str
    count: int
    on: bool


@dataclass(frozen=True)
class Look:
    """How the table stands: sorting (slug, with - for descending), the runs chosen, and their swatches (colour on light, on dark, symbol).

    ``sort`` None: not to be sorted; ``chosen`` None: not to be chosen from. ``echo`` counts the choices made so far.
    ``legend``: the chosen runs are those drawn, and the others are dimmed. ``current``: the run that is open.
    ``slim``: a narrow list beside a chart, whose values follow the crosshair.
    """

    sort: str | None = None
    chosen: Sequence[str] | None = None
    echo: int = 0
    chips: Sequence[Chip] = ()
    swatches: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    legend: bool = False
    current: str | None = None
    slim: bool = False


def columns(rows: Sequence[Row], settings: Sequence[Field], now: float) -> list[Field]:
    """The columns worth their width: those in which any of ``rows`` has a value, hyperparameters after the results."""
    first, last = ("name", "state", "verdict", "since", "spark", "loss", "accuracy"), ("step", "speed", "left", "age")
    known = {**FIELDS, "spark": SPARK}
    wanted = [*(known[slug] for slug in first), *settings, *(known[slug] for slug in last)]
    return [f for f in wanted if f is SPARK or any(not missing(f.of(row, now)) for row in rows)]


def table(
    entries: Sequence[Row | Heading],
    shown: Sequence[Field],
    now: float,
    look: Look | None = None,
    *,
    key: str,
    **on: Any,
) -> str | None:
    """Show ``entries`` as of ``now`` (s since 1970); the key of the run that was just clicked, if one was.

    ``on``: callbacks ``on_sorted_change``, ``on_chosen_change`` and ``on_toggled_change``; ``told`` gives what happened.
    """
    data = content(entries, shown, now, look or Look())
    result = _table(key=key, data=data, on_opened_change=lambda: None, **on)
    return None if result.opened is None else str(result.opened)


def told(key: str, event: str) -> Any:
    """What the reader did in the table called ``key``; for its callbacks."""
    return st.session_state[key][event]


def content(entries: Sequence[Row | Heading], shown: Sequence[Field], now: float, look: Look) -> dict[str, Any]:
    """All that the browser draws, as plain JSON."""
    return {
        "columns": [_column(f, [e for e in entries if isinstance(e, Row)], now) for f in shown],
        "rows": [_line(entry, shown, now, look) for entry in entries],
        "sort": look.sort or "",
        "sortable": look.sort is not None,
        "selectable": look.chosen is not None,
        "chosen": list(look.chosen or ()),
        "echo": look.echo,
        "legend": look.legend,
        "slim": look.slim,
        "current": look.current,
        "chips": [_chip(chip) for chip in look.chips],
        "focus": FILTER,
        "alt": "Runs with their verdicts",
    }


def _column(f: Field, rows: Sequence[Row], now: float) -> dict[str, Any]:
    words = f.slug not in FIELDS and any(isinstance(f.of(row, now), str | bool) for row in rows)
    kind = KINDS.get(f.slug, "text" if words else "number")
    return {"id": f.slug, "title": f.title, "kind": kind, "best": f.slug in BEST, "tip": f.tip, "low": f.low}


def _line(entry: Row | Heading, shown: Sequence[Field], now: float, look: Look) -> dict[str, Any]:
    if isinstance(entry, Heading):
        return {"group": entry.group, "note": entry.note}
    line: dict[str, Any] = {"key": entry.key, "name": entry.name, "cells": [_cell(f, entry, now) for f in shown]}
    return {**line, "swatch": look.swatches[entry.key]} if entry.key in look.swatches else line


def _cell(f: Field, row: Row, now: float) -> Any:
    if f is SPARK:
        return [None if math.isnan(v) else float(f"{v:.4g}") for v in row.spark] if len(row.spark) > 1 else None
    value = f.of(row, now)
    if f.slug in CHIPS:
        return _badge(f.slug, value, row.exception if f.slug == "state" else None)
    if missing(value):
        return None
    return row.last_time if f.slug == "age" else written(f.slug, value)


def written(slug: str, value: Value) -> str:
    """A value as the screen prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if slug == "left" and isinstance(value, float):
        return duration(value)
    return f"{value:.2%}" if slug == "accuracy" and isinstance(value, float) else number(value)


def _badge(slug: str, value: Value, more: str | None = None) -> dict[str, str] | None:
    chip = verdict(str(value)) if slug == "verdict" else STATES.get(str(value))
    if chip is None and not value:
        return None
    word, colour = (chip.word, chip.colour) if chip else (str(value), "gray")
    return {"word": word, "colour": colour, "title": more or ""}


def _chip(chip: Chip) -> dict[str, Any]:
    badge = _badge(chip.field, chip.value) or {"word": chip.value, "colour": "gray"}
    facts = {"field": chip.field, "value": chip.value, "count": chip.count, "on": chip.on}
    return {**facts, "label": badge["word"], "colour": badge["colour"]}
