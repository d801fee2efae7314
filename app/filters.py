"""The one text field that filters runs: ``digits lr>0.01 verdict=diverged,overfitting optimizer!=sgd``.

Words match names; a field with a comparison matches values; all of them must hold. Commas give a choice, a minus in
front of a word excludes, quotes keep blanks and commas together.
"""

import difflib
import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.fields import FIELDS, Field, Value, missing, settings
from app.library import Row

TERM = re.compile(r'([^\s"<>=!]*)(!=|>=|<=|=|>|<)((?:"[^"]*"|[^\s"])*)|((?:"[^"]*"|[^\s"])+)')
PIECE = re.compile(r'"([^"]*)"|([^",]+)')
LISTED = 8  # names of fields in a message


class FilterError(ValueError):
    """The filter cannot be understood; the message is one line for the reader."""


@dataclass(frozen=True)
class Term:
    """``field op values``; a word alone has no field. ``values`` are alternatives, ``text`` is how it was written."""

    field: str
    op: str
    values: tuple[str, ...]
    text: str


def parse(text: str) -> list[Term]:
    """The terms of ``text``.

    Raises:
        FilterError: it is not of that form.
    """
    if text.count('"') % 2:
        raise FilterError('A quote is not closed. Names with blanks stand in two: "my run".')
    return [_term(match) for match in TERM.finditer(text)]


def _term(match: re.Match[str]) -> Term:
    field, op, value, word = match.groups()
    text = match.group()
    if word is not None:
        return Term("", "-" if word.startswith("-") and len(word) > 1 else "", (_bare(word.removeprefix("-")),), text)
    values = tuple(quoted or plain for quoted, plain in PIECE.findall(value))
    if not field:
        raise FilterError(f"Before {op} stands the name of a field, as in lr{op}0.01.")
    if not values:
        raise FilterError(f"After {field}{op} stands a value, without a blank, as in {field}{op}0.01.")
    if op in "<=>=" and op != "=" and _number(values[0]) is None:
        raise FilterError(f"{text}: {values[0]} is not a number.")
    return Term(field, op, values, text)


def _bare(word: str) -> str:
    return word.replace('"', "")


def unknown(terms: Sequence[Term], fields: Collection[str]) -> str | None:
    """One line on the first field that no run has, or None."""
    for term in terms:
        if term.field and term.field not in fields:
            near = difflib.get_close_matches(term.field, fields, 1)
            more = "" if len(fields) <= LISTED else " …"
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(list(fields)[:LISTED])}{more}"
            return f"No run has a field called {term.field}. {hint}"
    return None


def matching(rows: Sequence[Row], terms: Sequence[Term], fields: dict[str, Field], now: float) -> list[Row]:
    """The rows for which every term holds."""
    left = list(rows)
    for term in terms:
        left = [row for row in left if _holds(term, row, fields, now)]
    return left


def _holds(term: Term, row: Row, fields: dict[str, Field], now: float) -> bool:
    if not term.field:
        found = term.values[0].lower() in row.key.lower() or term.values[0].lower() in row.name.lower()
        return found != (term.op == "-")
    value = fields[term.field].of(row, now)
    if term.op in ("=", "!="):
        return any(_same(value, wanted) for wanted in term.values) == (term.op == "=")
    return _compares(value, term.op, float(term.values[0]))


def _same(value: Value, wanted: str) -> bool:
    if value is None or isinstance(value, bool | str):
        return str(value).lower() == wanted.lower()
    number = _number(wanted)
    return number is not None and (math.isclose(value, number, rel_tol=1e-9) or (value != value and number != number))


def _compares(value: Value, op: str, bound: float) -> bool:
    if missing(value) or isinstance(value, str | bool) or value is None:
        return False
    return {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}[op]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def chosen(terms: Sequence[Term], field: str) -> set[str]:
    """The values that ``field`` is asked to have."""
    return {value for term in terms if term.field == field and term.op == "=" for value in term.values}


def without(terms: Sequence[Term], field: str) -> list[Term]:
    """The terms that do not choose values of ``field``."""
    return [term for term in terms if not (term.field == field and term.op == "=")]


def toggled(text: str, field: str, value: str) -> str:
    """``text`` with ``value`` added to what ``field`` may be, or taken from it."""
    try:
        terms = parse(text)
    except FilterError:
        terms = []
    before = chosen(terms, field)
    after = sorted(before ^ {value})
    kept = [term.text for term in without(terms, field)]
    return " ".join(kept + ([f"{field}={','.join(after)}"] if after else []))


@dataclass(frozen=True)
class Found:
    """What a filter leaves of all rows. ``problem``: why the filter was not understood; then all rows are left."""

    rows: list[Row]
    terms: list[Term]
    fields: dict[str, Field]
    problem: str | None = None


def find(rows: Sequence[Row], text: str, now: float) -> Found:
    """The rows that ``text`` asks for, as of ``now`` (s since 1970)."""
    fields = {**FIELDS, **settings(rows)}
    try:
        terms = parse(text)
    except FilterError as error:
        return Found(list(rows), [], fields, str(error))
    if problem := unknown(terms, fields):
        return Found(list(rows), [], fields, problem)
    return Found(matching(rows, terms, fields, now), terms, fields)


def counts(rows: Sequence[Row], found: Found, field: str, now: float) -> dict[str, int]:
    """How many runs have each value of ``field``, whatever the filter says of it: most first."""
    others = matching(rows, without(found.terms, field), found.fields, now)
    values = Counter(str(value) for row in others if not missing(value := found.fields[field].of(row, now)))
    return dict(values.most_common()) | {
        value: values.get(value, 0) for value in chosen(found.terms, field) - {*values}
    }
