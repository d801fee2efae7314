"""Runs in groups: by what they have in common, or as the folds of a cross-validation."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from app import words
from app.fields import Field, Value, missing
from app.library import Row
from app.listing import Heading, written
from diagnostics import folds

NONE, FOLDS = "none", "folds"
ALONE = "Not part of a cross-validation"
Group = tuple[str, Sequence[Row]]


def grouped(rows: Sequence[Row], by: str, fields: Mapping[str, Field], now: float) -> list[Group]:
    """``rows`` by the value of the field ``by``, or by cross-validation; groups stand in the order of their first run."""
    label = _fold_labels(rows) if by == FOLDS else {row.key: _label(fields[by], row, now) for row in rows}
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(label.get(row.key, ALONE), []).append(row)
    alone = [(ALONE, found.pop(ALONE))] if ALONE in found else []
    return [*found.items(), *alone]


def fold_groups(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """Keys of the runs that are folds or repeats of one training, by the name of that."""
    return folds.groups({row.key: (row.name, row.config) for row in rows})


def _fold_labels(rows: Sequence[Row]) -> dict[str, str]:
    return {key: name for name, keys in fold_groups(rows).items() for key in keys}


def _label(field: Field, row: Row, now: float) -> str:
    value = field.of(row, now)
    return f"{field.title}: {_word(field.slug, value)}"


def _word(slug: str, value: Value) -> str:
    if missing(value):
        return "not set"
    return words.title(str(value)) if slug == "verdict" else written(slug, value)


def part(groups: Sequence[Group], first: int, count: int, *, repeats: bool) -> list[Row | Heading]:
    """The ``count`` runs from the ``first`` on, each group under its heading, which speaks of the whole group.

    ``repeats``: the groups are cross-validations.
    """
    return list(_lines(groups, first, first + count, repeats))


def _lines(groups: Sequence[Group], first: int, stop: int, repeats: bool) -> Iterator[Row | Heading]:
    at = 0
    for name, rows in groups:
        inside = rows[max(first - at, 0) : max(stop - at, 0)]
        if inside:
            yield Heading(name, note(rows, repeats=repeats and name != ALONE))
            yield from inside
        at += len(rows)


def note(rows: Sequence[Row], *, repeats: bool) -> str:
    """How many runs, and their best validation: mean ± standard deviation of ``repeats`` of one training, else best and median."""
    said = [words.counted(len(rows), "run")]
    for slug, name, values in (
        ("loss", "val loss", [row.best_val_loss for row in rows]),
        ("accuracy", "val acc", [row.best_val_accuracy for row in rows]),
    ):
        known = [v for v in values if v is not None and math.isfinite(v)]
        if known:
            figures = _spread(slug, known) if repeats else _middle(slug, known)
            said.append(f"{name} {figures}" + (f" of {len(known):,}" if len(known) < len(rows) else ""))
    return " · ".join(said)


def _spread(slug: str, values: Sequence[float]) -> str:
    found = folds.spread(values)
    mean = written(slug, found.mean)
    return mean if math.isnan(found.sd) else f"{mean} ± {written(slug, found.sd)}"


def _middle(slug: str, values: Sequence[float]) -> str:
    best = max(values) if slug == "accuracy" else min(values)
    return f"best {written(slug, best)}, median {written(slug, statistics.median(values))}"
