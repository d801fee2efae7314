"""The rows of a run folder that is read again and again while it is written: only the new ones are read.

Sealed rows never change, whatever parts they are merged into, so what counts is how many of an attempt's rows have been taken
over. Whatever is unusual, such as damage, a gap, a new attempt or steps that go back, is left to the reading of all rows.
"""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa

from collector import schema
from diagnostics.curve import Curve
from diagnostics.readers.run_folder import rows
from diagnostics.readers.run_folder.curves import Scalars, cuts_of, scalars, standing
from diagnostics.readers.run_folder.growing import Growing
from diagnostics.readers.run_folder.rows import Attempt

Marks = dict[str, tuple[int, int]]  # time of last change and size of parts by name


class Growth:
    """The rows of ``folder``, as of each ``read``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._born: object = None
        self._marks: Marks = {}
        self._sealed = 0  # rows of the last attempt that were taken over
        self._last = 0  # its number
        self._earlier: dict[int, int] = {}  # the last row of each attempt before
        self._scalars: Scalars | None = None  # with the curves as of the last reading
        self._growing = Growing()

    def read(self, notes: list[str], born: object = None) -> Scalars:
        """What the rows say now; damage is added to ``notes``. ``born`` tells a folder that was deleted and made again."""
        marks = self._look()
        known = {name: marks[name] for name in self._marks if name in marks}
        same = born == self._born and all(self._marks[name] == mark for name, mark in known.items())
        self._born, self._marks = born, marks
        if self._scalars is None or not same or not self._grown():
            self._scalars = self._read_all(notes)
        return self._scalars

    def _look(self) -> Marks:
        try:
            with os.scandir(self._folder / schema.SCALARS) as entries:
                return {entry.name: (stat.st_mtime_ns, stat.st_size) for entry in entries if (stat := entry.stat())}
        except OSError:
            return {}  # not there yet, or a part went meanwhile

    def _grown(self) -> bool:
        """Take over what is new; False when it does not simply follow what is known."""
        known = self._scalars
        if known is None or not self._last:
            return False
        try:
            rest = self._new_rows()
        except (OSError, ValueError, KeyError, pa.ArrowException):
            return False  # reading everything says what is wrong
        if rest is None:
            return False
        self._scalars = Scalars(
            self._growing.with_rows(rest), known.superseded, known.lost, known.resumed_at, known.cuts
        )
        return True

    def _new_rows(self) -> pa.Table | None:
        """The rows that are not sealed yet, after taking over those that have been; None when they do not follow."""
        remarks: list[str] = []
        tails = rows.tails(self._folder, remarks)  # before the parts: a tail goes when its part is there
        parts = rows.named_parts(self._folder / schema.SCALARS)
        if remarks or self._others(tails, parts) != self._earlier:
            return None
        for part in parts:
            if part.attempt == self._last and part.first <= self._sealed <= part.last:
                table = rows.read_scalars(part.path).slice(self._sealed - part.first)
                if not self._follows(table):
                    return None
                self._growing.add(table)
                self._sealed += table.num_rows
        blocks = tails.get(self._last, rows.Blocks())
        numbers, table = blocks.once() if blocks.tables else (np.empty(0, np.int64), None)
        new = numbers >= self._sealed
        missing = not np.array_equal(numbers[new], self._sealed + np.arange(new.sum()))
        unread = any(part.attempt == self._last and part.first > self._sealed for part in parts)
        if missing or unread:
            return None
        rest = schema.scalars_schema([]).empty_table() if table is None else table.filter(pa.array(new))
        return rest if self._follows(rest) else None

    def _others(self, tails: dict[int, rows.Blocks], parts: list[rows.Part]) -> dict[int, int]:
        """The last row of each attempt but the one that grows."""
        ends = [(part.attempt, part.last) for part in parts]
        ends += [(number, int(block[-1])) for number, blocks in tails.items() for block in blocks.numbers]
        return {number: last for number, last in sorted(ends) if number != self._last}

    def _follows(self, table: pa.Table) -> bool:
        steps = table[schema.STEP].to_numpy()
        return not len(steps) or bool(steps[0] >= self._growing.last_step and (steps[1:] >= steps[:-1]).all())

    def _read_all(self, notes: list[str]) -> Scalars:
        parts = rows.named_parts(self._folder / schema.SCALARS)  # as of now: a tail read later may be out of date
        remarks: list[str] = []
        attempts = rows.scalar_rows(self._folder, remarks)
        notes += remarks
        self._growing, self._last = Growing(), 0
        curves = None if remarks or not attempts else self._begin(attempts, parts)
        return scalars(attempts, curves)

    def _begin(self, attempts: list[Attempt], parts: list[rows.Part]) -> dict[str, Curve] | None:
        """The curves, with all sealed rows taken over for the next reading; None where rows are in no order that lasts."""
        last = attempts[-1]
        if len(attempts) > 1 and schema.TRAIN_LOSS not in last.table.column_names:
            return None  # its first loss may yet move the step from which it counts
        sealed = 0
        for part in parts:
            if part.attempt == last.number and part.first <= sealed:
                sealed = max(sealed, part.last + 1)
        *earlier, rows = standing(attempts, cuts_of(attempts))
        for table in (*earlier, rows.slice(0, sealed)):
            if not self._follows(table):
                return None
            self._growing.add(table)
        if not self._follows(rows.slice(sealed)):
            return None
        self._last, self._sealed = last.number, min(sealed, rows.num_rows)
        self._earlier = {a.number: a.table.num_rows - 1 for a in attempts[:-1]}
        return self._growing.with_rows(rows.slice(sealed))
