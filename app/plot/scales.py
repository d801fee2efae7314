"""An axis for the values of a hyperparameter: linear, logarithmic or by name, whichever tells them apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from app.fields import Value, missing
from app.words import number

DECADES = 30.0  # largest over smallest value from which equal factors should be equal distances
NAMED = 8  # so many distinct numbers get a tick each
UNSET = "not set"


@dataclass(frozen=True)
class Scale:
    """Where values stand: ``at`` [n] in units of the axis, and its ticks. ``log``: units are powers of ten."""

    at: list[float]
    ticks: list[float]
    texts: list[str]
    log: bool = False

    @property
    def range(self) -> list[float]:
        """The ends of the axis, with a little air."""
        low, high = min([*self.at, *self.ticks]), max([*self.at, *self.ticks])
        air = 0.04 * (high - low) or 0.5
        return [low - air, high + air]


def scale(values: Sequence[Value]) -> Scale:
    """An axis for ``values``. Zero on a logarithmic axis, and what is not set, stand apart below the smallest."""
    numbers = [float(v) for v in values if _is_number(v)]
    if not numbers or any(isinstance(v, str | bool) for v in values):
        return _named(values)
    positive = [v for v in numbers if v > 0]
    if len(positive) > 1 and min(numbers) >= 0 and max(positive) / min(positive) >= DECADES:
        return _numeric(values, positive, log=True)
    return _numeric(values, numbers, log=False)


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _named(values: Sequence[Value]) -> Scale:
    names = sorted({_name(v) for v in values}, key=lambda name: (name == UNSET, name.lower()))
    return Scale([float(names.index(_name(v))) for v in values], [float(i) for i in range(len(names))], names)


def _name(value: Value) -> str:
    if missing(value):
        return UNSET
    return str(value).lower() if isinstance(value, bool) else str(value)


def _numeric(values: Sequence[Value], numbers: Sequence[float], *, log: bool) -> Scale:
    """``numbers`` are those of ``values`` that have a place on the axis."""
    units = sorted({math.log10(v) if log else v for v in numbers})
    apart = (units[-1] - units[0]) / 6 or 1.0
    below = {"0": units[0] - apart} if log and any(v == 0 for v in values if _is_number(v)) else {}
    if not all(_is_number(v) for v in values):
        below[UNSET] = units[0] - apart * (1 + len(below))
    at = [_place(v, below, log=log) for v in values]
    ticks = units if len(units) <= NAMED else _decades(units) if log else _even(units)
    return Scale(at, [*below.values(), *ticks], [*below, *(number(10**t if log else t) for t in ticks)], log)


def _place(value: Value, below: dict[str, float], *, log: bool) -> float:
    if not _is_number(value):
        return below[UNSET]
    found = float(value)
    if not log:
        return found
    return math.log10(found) if found > 0 else below["0"]


def _decades(units: Sequence[float]) -> list[float]:
    """Whole powers of ten within, thinned to a handful; their double and fivefold too where there are few."""
    whole = range(math.floor(units[0]), math.ceil(units[-1]) + 1)
    if len(whole) > NAMED / 2:
        return [float(t) for t in whole if units[0] <= t <= units[-1]][:: max(len(whole) // NAMED, 1)]
    return [t for k in whole for m in (1, 2, 5) if units[0] <= (t := k + math.log10(m)) <= units[-1]]


def _even(units: Sequence[float]) -> list[float]:
    """Round numbers about a fifth of the span apart."""
    rough = (units[-1] - units[0]) / 5
    size = 10 ** math.floor(math.log10(rough))
    apart = min((m * size for m in (1, 2, 5, 10)), key=lambda step: abs(step - rough))
    first = math.ceil(units[0] / apart)
    return [round(i * apart, 12) for i in range(first, math.floor(units[-1] / apart) + 1)]
