"""Which lines of a text are its log: those that say a place and known quantities, and what stands with them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from diagnostics.readers.text.places import Bools, Rows
from diagnostics.readers.text.store import Kind

OFTEN = 3  # lines of a kind whose quantities nobody knows, or which say no place
SHARE = 0.002  # of the lines of the most frequent kind that a kind without a place must reach
FEW = 10  # rows of a log in which a step that is said once may be a step


def of_rows(found: Rows, kinds: Sequence[Kind], question: Callable[[Kind], bool]) -> Bools:
    """bool [rows]: the answer for the kind of each row."""
    return np.array([question(kind) for kind in kinds] or [False])[found.kind]


def accepted(found: Rows, kinds: Sequence[Kind]) -> Bools:
    """bool [rows]: the rows that are the log's."""
    sure = [k for k in kinds if _is_sure(k)]
    if not sure:
        sure = [k for k in kinds if k.shape.place.word and k.shape.measures and k.count >= OFTEN]
    headed = any(k.shape.place.epoch is not None for k in kinds)
    most = max((k.count for k in sure), default=0)
    options = _options(kinds)
    good = of_rows(found, kinds, lambda kind: kind.number not in options and _is_good(kind, most, bool(sure) or headed))
    if not sure and not headed:
        return good
    first = _first(found, kinds, sure)
    placed = of_rows(found, kinds, is_placed)
    return good & (placed | (np.arange(len(good)) >= first) | _mostly_after(found, kinds, first))


def counting(found: Rows) -> Rows:
    """``found`` without the steps of kinds of lines on which they never change: a batch size, the length of a schedule."""
    there = np.flatnonzero(np.isfinite(found.step) & found.word & ~np.isfinite(found.total))
    kinds, at, count = np.unique(found.kind[there], return_inverse=True, return_counts=True)
    most = np.full(len(kinds), -np.inf)
    least = np.full(len(kinds), np.inf)
    np.maximum.at(most, at, found.step[there])
    np.minimum.at(least, at, found.step[there])
    stuck = (most == least) & ((count > 1) | (len(found.kind) >= FEW))
    only = stuck & ~((most > least).any() & (count == 1))  # one evaluation, at one step, beside others that count on
    step = found.step.copy()
    step[there[only[at]]] = np.nan
    return replace(found, step=step)


def is_placed(kind: Kind) -> bool:
    """Whether lines of this kind say where they are."""
    return kind.shape.placed or kind.rows > 0


def _first(found: Rows, kinds: Sequence[Kind], sure: Sequence[Kind]) -> int:
    """The row at which the log begins; headings right above it count."""
    bare = ~found.measured & (np.isfinite(found.epoch) | (found.word & np.isfinite(found.step)))
    starts = np.isin(found.kind, [k.number for k in sure]) if sure else bare
    first = int(np.argmax(starts)) if starts.any() else len(starts)
    known = of_rows(found, kinds, lambda kind: kind.shape.known and kind.count > 1)
    above = first
    while above > 0 and (bare[above - 1] or known[above - 1]):
        above -= 1
        first = above if bare[above] else first
    return first


def _mostly_after(found: Rows, kinds: Sequence[Kind], first: int) -> Bools:
    """bool [rows]: of kinds most of whose rows come from row ``first`` on: an evaluation before the training is one more."""
    known = np.array([k.shape.known and k.count >= OFTEN for k in kinds] or [False])
    after = np.bincount(found.kind[first:], minlength=len(known))
    half = np.bincount(found.kind, minlength=len(known)) / 2
    return np.asarray((known & (after > half))[found.kind])


def _options(kinds: Sequence[Kind]) -> set[int]:
    """The numbers of the kinds that are the print of all options: long or nested, printed once, and what it names is not said again."""
    again = {m.name for k in kinds if k.count > 1 for m in k.shape.measures}

    def is_told(kind: Kind) -> bool:
        return 2 * sum(m.name in again for m in kind.shape.measures) >= len(kind.shape.measures)

    return {k.number for k in kinds if k.shape.settings and k.count == 1 and not is_told(k)}


def _is_sure(kind: Kind) -> bool:
    """Whether lines of this kind are the log without a doubt: they say a place and quantities that we know by name."""
    return kind.rows > 0 or (is_placed(kind) and kind.shape.known and not kind.shape.call and kind.count > 1)


def _is_good(kind: Kind, most: int, placed: bool) -> bool:
    """Whether lines of this kind are a log; ``most`` lines of one kind surely are, ``placed``: places are said somewhere."""
    shape = kind.shape
    if kind.rows:
        return True
    if not shape.measures or (shape.call and not shape.place.word):
        return False
    often = kind.count >= max(OFTEN, SHARE * most)
    if is_placed(kind):
        return shape.known or (kind.count > 1 and (shape.place.word or shape.place.epoch is not None)) or not most
    return (shape.known and (placed or often)) or (placed and often and shape.strong and most > 0)
