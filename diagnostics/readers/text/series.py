"""From the rows of a text log to its series: what repeats or is known by name counts, the rest was no log."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from diagnostics.curve import Floats, Ints
from diagnostics.readers.log import Series
from diagnostics.readers.text.accepting import accepted, counting, is_placed, of_rows
from diagnostics.readers.text.miner import Miner
from diagnostics.readers.text.places import Bools, Rows, epochs, places, replaced, rows
from diagnostics.readers.text.runs import begins
from diagnostics.readers.text.store import Kind
from diagnostics.readers.text.words import MEASURE, is_evaluation

OFTEN = 3  # points of a quantity on lines that say no place, beside those on lines that do
FEWEST = 4  # different values of such a one
DIGITS = 1e-6  # relative difference of the same numbers in two prints
LONG = 10  # points of a curve beside which a single unknown number means nothing
OFTEN_BEHIND = 1 / 3  # of the lines that say their epoch, behind which the training's bar is drawn
VARIED = 0.25  # of the values of an unknown quantity on lines without a place that must differ, else it is a setting


class Found:
    """The series of a text log, one run after the other."""

    def __init__(self, miner: Miner) -> None:
        self._kinds = miner.kinds.by_number
        filled = miner.store.filled(self._kinds)
        self._rows = counting(rows(filled, self._kinds))
        self._placed = of_rows(self._rows, self._kinds, is_placed)
        self._fine = np.array([_fineness(k) for k in self._kinds] or [0])[self._rows.kind]
        self._drawn = of_rows(self._rows, self._kinds, lambda kind: kind.shape.drawn)
        self._retold = of_rows(self._rows, self._kinds, lambda kind: kind.shape.retold)
        self._taken = accepted(self._rows, self._kinds) & ~replaced(self._rows)
        self._columns, self._time, self._rank = filled.columns, filled.time, filled.rank
        self._printed_again = _printed_again(self._columns.values(), len(filled))
        known = self._known()
        self._bounds = [0, *self._begins(known), len(filled)]
        self._step, self._epoch = np.full((2, len(filled)), np.nan)
        for a, b in pairwise(self._bounds):
            self._step[a:b], self._epoch[a:b] = places(known.part(a, b))
        _put_after(miner, self._step, known)
        self.ranks_left_out = 0

    @property
    def runs(self) -> list[tuple[int, int]]:
        """The first row of every run, and the one behind its last."""
        return list(pairwise(self._bounds))

    def series(self, first: int = 0, behind: int | None = None) -> Iterator[Series]:
        """Every quantity of the rows from ``first`` on to ``behind``, in the order in which the log names them."""
        taken: Counter[str] = Counter()
        for found in self._named(first, len(self._rows.kind) if behind is None else behind):
            taken[found.name] += 1
            again = taken[found.name]
            yield found if again == 1 else replace(found, name=f"{found.name} ({again})")

    def _named(self, first: int, behind: int) -> Iterator[Series]:
        """The same, with names that may come twice."""
        most = max((len(row) for row, _ in self._columns.values()), default=0)
        for name, (row, number) in self._columns.items():
            keep = self._taken[row] & (row >= first) & (row < behind)
            if keep.sum() > (most >= LONG and not MEASURE.search(name)):
                yield from self._parts(name, row[keep], number[keep])

    def epochs(self, first: int, behind: int) -> Series | None:
        """The epoch over the steps of those rows."""
        there = np.isfinite(self._step) & np.isfinite(self._epoch) & self._taken
        both = np.flatnonzero(there[first:behind]) + first
        if not both.size:
            return None
        return Series("epoch", self._epoch[both], self._step[both], None, _any(self._time[both]), both)

    @property
    def names(self) -> int:
        """How many different quantities there are."""
        return len(self._columns)

    @property
    def words(self) -> int:
        """How many rows name their step."""
        return int((self._measured & self._rows.word).sum())

    @property
    def lines(self) -> int:
        """How many rows are lines by themselves, not a table's."""
        tables = of_rows(self._rows, self._kinds, lambda kind: kind.rows > 0)
        return int((self._measured & ~tables).sum())

    @property
    def _measured(self) -> Bools:
        return self._taken & self._rows.measured

    def _known(self) -> Rows:
        """The rows, with no place of a row that was not taken, nor of a heading under which none was."""
        r = self._rows
        group = np.cumsum(~r.measured & np.append(True, r.measured[:-1])) if len(r.kind) else np.empty(0, np.int64)
        empty = np.bincount(group, weights=self._taken) == 0 if len(group) else np.empty(0, bool)
        gone = np.where(r.measured, ~self._taken & ~r.aside & ~r.bar, empty[group])
        step, epoch = np.where(gone, np.nan, r.step), np.where(gone, np.nan, r.epoch)
        return Rows(r.kind, step, r.total, epoch, r.aside, r.bar, r.word, r.measured & self._taken)

    def _begins(self, known: Rows) -> list[int]:
        """The rows at which another run begins, as the most frequent lines that say a place show."""
        r = self._rows
        counted = self._taken & self._placed & (np.isfinite(r.step) | np.isfinite(r.epoch)) & ~r.aside
        if not counted.any():  # then the headings of epochs count
            counted = np.isfinite(known.epoch) & ~r.measured & ~r.aside
        if not counted.any():
            return []
        trained = counted & ~of_rows(r, self._kinds, lambda kind: kind.shape.evaluation)
        counted = trained if trained.any() else counted
        words = counted & self._rows.word & np.isfinite(self._rows.step)
        row = np.flatnonzero(words if words.any() else counted)
        found = begins(row, self._rows.step[row], epochs(known)[row], self._loss()[row])
        return sorted({self._first_of(at) for at in found} - {0})

    def _first_of(self, at: int) -> int:
        """The first row of the run whose first line with a quantity is ``at``: headings come before it."""
        while at > 0 and not self._rows.measured[at - 1]:
            at -= 1
        return at

    def _loss(self) -> Floats:
        """float64 [rows]: the known quantity that is logged most often."""
        known = {name: len(at) for name, (at, _) in self._columns.items() if MEASURE.search(name) and "lr" not in name}
        values = np.full(len(self._rows.kind), np.nan)
        if known:
            row, number = self._columns[max(known, key=known.__getitem__)]
            values[row] = number
        return values

    def _parts(self, name: str, row: Ints, number: Floats) -> Iterator[Series]:
        """The points of ``name``; those on lines that say no place apart, where others do: they mean something else."""
        own = self._placed[row]
        if not own.all() and not _varies(name, number[~own]):
            row, number, own = row[own], number[own], own[own]
        if own.any() and not own.all():
            yield from self._one(name, row[own], number[own])
            if (~own).sum() >= OFTEN:
                yield from self._one(f"{name} (2)", row[~own], number[~own])
        else:
            yield from self._one(name, row, number)

    def _one(self, name: str, row: Ints, number: Floats) -> Iterator[Series]:
        """The points of ``name``; apart those that sum an epoch up, where others are from within it, and those told again."""
        again = self._retold[row]
        again = np.zeros_like(again) if again.all() else again
        fine = np.where(again, -1, self._fine[row])
        whole = (fine < fine.max(initial=0)) & (fine >= 0)
        for part, said in ((~again & ~whole, name), (whole, f"{name} (epoch)"), (again, f"{name} (told again)")):
            if part.any():
                yield from self._points(said, row[part], number[part])

    def _points(self, name: str, row: Ints, number: Floats) -> Iterator[Series]:
        keep = self._one_rank(row)
        row, number = row[keep], number[keep]
        if not row.size:
            return
        if is_evaluation(name) and self._drawn[row].all():  # a bar shows the last evaluation until the next
            keep = np.append(True, number[1:] != number[:-1])
            row, number = row[keep], number[keep]
        keep = ~self._again(row, number)
        row, number = row[keep], number[keep]
        epoch, time = self._epoch[row], self._time[row]
        yield Series(name, number, self._step[row], _any(epoch), _any(time), row)

    def _one_rank(self, row: Ints) -> Bools:
        """Where several processes log the same: the one that says most, the first of equals."""
        ranks, count = np.unique(self._rank[row], return_counts=True)
        if ranks.size < 2:
            return np.ones(len(row), bool)
        self.ranks_left_out = max(self.ranks_left_out, ranks.size - 1)
        return np.asarray(self._rank[row] == ranks[count.argmax()])

    def _again(self, row: Ints, number: Floats) -> Bools:
        """Points that the next one repeats: a line that was printed twice, or a progress bar that was drawn again."""
        if row.size < 2:
            return np.zeros(row.size, bool)
        step, epoch, own = self._step[row], self._epoch[row], np.isfinite(self._rows.step[row]) & ~self._rows.aside[row]
        here = (step[1:] == step[:-1]) & own[1:] & own[:-1] & ((epoch[1:] == epoch[:-1]) | ~np.isfinite(epoch[1:]))
        bar = np.isfinite(self._rows.total[row]) & ~self._rows.word[row]
        return np.append(here & (self._printed_again[row[:-1]] | (bar[1:] & bar[:-1])), False)


def _printed_again(columns: Iterable[tuple[Ints, Floats]], rows: int) -> Bools:
    """bool [rows]: the next row says the same, to a few digits: one handler more than was meant."""
    count, total = np.zeros(rows + 1), np.zeros(rows + 1)
    for row, number in columns:
        np.add.at(count, row, 1)
        np.add.at(total, row, np.nan_to_num(number, nan=1.0, posinf=2.0, neginf=3.0))
    return np.asarray(
        (count[1:] == count[:-1]) & np.isclose(total[1:], total[:-1], rtol=DIGITS, atol=0) & (count[:-1] > 0)
    )


def _varies(name: str, number: Floats) -> bool:
    """Whether the values are those of something that is measured, not of a setting that is printed again and again."""
    return bool(MEASURE.search(name)) or np.unique(number).size > max(VARIED * number.size, FEWEST)


def _fineness(kind: Kind) -> int:
    """How closely lines that say their epoch say where they are in it: 0 not at all; -1 where they say no epoch."""
    place = kind.shape.place
    if place.epoch is None or kind.rows:
        return -1
    return 2 if kind.shape.counted else int(place.step is not None)


def _put_after(miner: Miner, step: Floats, known: Rows) -> None:
    """Rows with an epoch only take the step of the bar that is drawn right after them, as Hugging Face's trainer does.

    Of several bars the one that stands behind most of them counts; rows with no such bar wait to be placed by their epochs.
    """
    if (np.isfinite(known.step) & known.measured & ~known.aside).any():
        return
    behind: dict[float, dict[int, float]] = {}
    for row, (done, whole) in miner.pending.after.items():
        if np.isfinite(known.epoch[row]):
            behind.setdefault(whole, {})[row] = done
    rising = {whole: rows for whole, rows in behind.items() if [*rows.values()] == sorted(rows.values())}
    if not rising:
        return
    rows, placed = (
        rising[max(rising, key=lambda whole: (len(rising[whole]), whole))],
        np.isfinite(known.epoch) & known.measured,
    )
    if len(rows) < OFTEN_BEHIND * placed.sum():
        return
    if len(rows) > 1:
        step[placed] = np.nan
    step[[*rows]] = [*rows.values()]


def _any(values: Floats) -> Floats | None:
    return values if np.isfinite(values).any() else None
