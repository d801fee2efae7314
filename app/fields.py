"""What can be said of a run in one value: the columns of the list, what it sorts by, and the names that a filter knows."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from app.library import Row

Value = float | int | str | bool | None
CONFIG = "config."  # before the name of a hyperparameter that is called like a field of ours
AUTOMATIC = 6  # hyperparameters shown unasked: more would push the curves off the screen
COMMON = ("lr", "learning_rate", "weight_decay", "wd", "batch_size", "optimizer", "model", "momentum", "dropout")


@dataclass(frozen=True)
class Field:
    """One value of a run. ``of`` takes the row and the time (s since 1970); ``low``: a small value comes first unasked."""

    slug: str
    title: str
    of: Callable[[Row, float], Value]
    low: bool = True
    tip: str = ""


def _left(row: Row, now: float) -> float | None:
    """Seconds to the planned end of a run that goes on."""
    if row.seconds_left is None or row.last_time is None or row.state_at(now) != "running":
        return None
    return max(row.seconds_left - (now - row.last_time), 0.0)


FIELDS = {
    field.slug: field
    for field in (
        Field("name", "Run", lambda row, now: row.name),
        Field("verdict", "Verdict", lambda row, now: row.verdict),
        Field("state", "State", lambda row, now: "sample" if row.sample else row.state_at(now)),
        Field("since", "Since step", lambda row, now: row.since, tip="First step at which the verdict shows"),
        Field("loss", "Best val loss", lambda row, now: row.best_val_loss),
        Field("accuracy", "Best val acc", lambda row, now: row.best_val_accuracy, low=False),
        Field("step", "Last step", lambda row, now: row.last_step, low=False),
        Field("speed", "Steps/s", lambda row, now: row.steps_per_second, low=False),
        Field("left", "Time left", _left, tip="Of runs that say how many steps were planned"),
        Field(
            "age",
            "Last row",
            lambda row, now: None if row.last_time is None else max(now - row.last_time, 0.0),
            tip="Time since the newest row",
        ),
    )
}


def setting(name: str) -> Field:
    """The hyperparameter ``name`` as a field."""
    return Field(CONFIG + name if name in FIELDS else name, name, lambda row, now: row.config.get(name))


def settings(rows: Iterable[Row]) -> dict[str, Field]:
    """Every hyperparameter of ``rows`` by its slug, in order of appearance."""
    names = dict.fromkeys(chain.from_iterable(row.config for row in rows))
    return {field.slug: field for field in map(setting, names)}


def differing(rows: Sequence[Row]) -> list[str]:
    """Names of the hyperparameters that are not the same in all of ``rows``, those that tell most first.

    The usual ones lead; then those that most runs have; what differs in every run, as a path does, is last.
    """
    configs = [row.config for row in rows]
    told = {name: [c[name] for c in configs if name in c] for name in dict.fromkeys(chain.from_iterable(configs))}
    differ = {name: values for name, values in told.items() if len(values) < len(rows) or len(set(values)) > 1}
    return sorted(differ, key=lambda name: _interest(name, differ[name]))


def _interest(name: str, values: Sequence[Value]) -> tuple[bool, int, bool, int]:
    kinds = set(values)
    label = len(kinds) == len(values) > 2 and any(isinstance(value, str) for value in kinds)
    known = COMMON.index(name.lower()) if name.lower() in COMMON else len(COMMON)
    return label, known, len(kinds) < 2, -len(values)


def ordered(rows: Sequence[Row], field: Field, now: float, *, descending: bool) -> list[Row]:
    """``rows`` sorted by ``field``, numbers before words; what has no value, or NaN, comes last either way."""
    known = [(value, row) for row in rows if not missing(value := field.of(row, now))]
    numbers = [(float(v), row) for v, row in known if v is not None and not isinstance(v, str)]
    words = [(v.lower(), row) for v, row in known if isinstance(v, str)]
    numbers.sort(key=lambda pair: pair[0], reverse=descending)
    words.sort(key=lambda pair: pair[0], reverse=descending)
    empty = [row for row in rows if missing(field.of(row, now))]
    return [row for _, row in numbers] + [row for _, row in words] + empty


def missing(value: Value) -> bool:
    """Whether there is nothing to compare: no value, or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))
