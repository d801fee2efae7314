"""Reads the lines of a text log into rows; a kind of line is looked at once, and then only its numbers are taken."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from diagnostics.readers.text.blocks import Blocks
from diagnostics.readers.text.end import End
from diagnostics.readers.text.kinds import Kinds
from diagnostics.readers.text.lines import Line
from diagnostics.readers.text.passes import Passes
from diagnostics.readers.text.pending import Pending, where
from diagnostics.readers.text.reading import shape
from diagnostics.readers.text.shape import SLOT, Shape
from diagnostics.readers.text.store import Kind, Store
from diagnostics.readers.text.tables import Grid, Row
from diagnostics.readers.text.tokens import Tokens, tokens, value, wall_time
from diagnostics.readers.text.words import part_of

NUMBERS = re.compile(r"\d|nan|inf|none|n/a", re.IGNORECASE)  # that a line with a quantity has one of
SPACES = re.compile(r"\s+")
BEHIND = re.compile(r":?\s+\d+%\|.*$")  # tqdm's bar
FEWEST_CELLS = 4  # of a row before a bar
TABLE = "a row before a bar"
BLOCK = "a block that begins with "
EVALUATED = "evaluate/"  # before the names of Keras' Model.evaluate
MOST_RANKS = 1e6
JOIN = "\x00"


@dataclass
class Miner:
    """What was read so far: rows in ``store``, the kinds of lines, how the log ends; ``said``: lines of known quantities."""

    store: Store = field(default_factory=Store)
    kinds: Kinds = field(default_factory=Kinds)
    end: End = field(default_factory=End)
    pending: Pending = field(default_factory=Pending)
    lines: int = 0
    said: int = 0
    _grid: Grid = field(default_factory=Grid)
    _blocks: Blocks = field(default_factory=Blocks)
    _first: dict[str, tuple[Row, int]] = field(default_factory=dict)  # blocks seen once
    _passes: Passes = field(default_factory=Passes)
    _section: str = ""  # the part of the data that a heading said
    _waiting: dict[str, tuple[Tokens, int]] = field(default_factory=dict)  # seen once, of no known quantity

    def read(self, lines: Iterable[Line]) -> "Miner":
        """Take in ``lines``; returns the miner itself."""
        for line in lines:
            self.lines += 1
            if self._blocks.takes(line):
                continue
            self._block()
            if not line.text:
                continue
            again = self.kinds.again(line)
            if again is not None:
                self._again(*again, line)
            elif NUMBERS.search(line.text):
                self._line(line)
            else:
                self._nothing(line.text, line)
        self._block()
        return self

    def _again(self, kind: Kind, groups: tuple[str, ...], line: Line) -> None:
        """Take in a line of which a pattern found the numbers."""
        kind.count += 1
        if kind.simple:
            self.said += 1
            self._section = ""
            self.pending.flush(self.store)
            time = wall_time(groups[0]) if kind.dated else math.nan
            self.pending.last = self.store.simple(kind, line.rank, time, groups[1:] if kind.dated else groups)
            return
        numbers: list[str | None] = [None] * (max(kind.order) + 1)
        for token, place in kind.order.items():
            numbers[token] = groups[place + kind.dated]
        self._measures(kind, "", Tokens((), (groups[0] if kind.dated else None,), numbers), line)

    def _line(self, line: Line) -> None:
        """Take in a line by its words."""
        if "%|" in line.text and self._behind_bar(line):
            return
        found = tokens(line.text)
        words = SPACES.sub(" ", JOIN.join(found.words))
        kind = None
        if words not in self.kinds.plain or self._grid.open:
            kind = self.kinds.by_words.get(words) or self.kinds.new(words, found)
        if kind is None:
            self._nothing(words, line)
            return
        if kind.count == 0 and not kind.shape.plain:
            self.end.line(line, self.said)
        kind.count += 1
        if kind.shape.plain and self._row_of_table(kind, line):
            return
        if kind.shape.measures:
            self._measures(kind, words, found, line)
            self.kinds.remember(kind, found, line)
        else:
            self._place(kind, found)

    def _nothing(self, words: str, line: Line) -> None:
        """Take in a line that says no quantity and no place."""
        if words not in self.kinds.plain or self._grid.open:
            self.end.line(line, self.said)
            self._grid.text(line.text)
            self.kinds.forget(words, line.text)
        part = self.kinds.plain[words]
        self._section = self._section if part is None else part

    def _behind_bar(self, line: Line) -> bool:
        """A row of a table, or its heading, with a progress bar behind it, as YOLO prints them."""
        head = BEHIND.sub("", line.text)
        if len(head) == len(line.text) or len(head.split()) < FEWEST_CELLS:
            return False
        read = shape(tokens(head))
        if read is None or not read.plain:
            return self._grid.heading(head)
        read.bar = True
        kind = self.kinds.by_words.get(TABLE) or self.kinds.add(TABLE, read)
        return self._row_of_table(kind, Line(line.number, line.rank, head))

    def _row_of_table(self, kind: Kind, line: Line) -> bool:
        row = self._grid.row(line.text)
        if row is None:
            return False
        self.pending.flush(self.store)
        at = self.store.row(kind.number, line.rank, row.step, row.total, row.epoch)
        self._put_row(kind, row, at)
        return True

    def _block(self) -> None:
        """Take in the block that has ended, if one has; one that is printed but once is a list of options."""
        block = self._blocks.ended()
        if block is None:
            return
        words, row = BLOCK + block.names[0], block.row
        kind = self.kinds.by_words.get(words) or self.kinds.add(words, Shape())
        self.pending.flush(self.store)
        at = self.store.row(kind.number, block.rank, row.step, row.total, row.epoch)
        kind.count += 1
        if kind.count == 1:
            self._first[words] = row, at
            return
        self.said += 1
        if words in self._first:
            self._put_row(kind, *self._first.pop(words))
        self._put_row(kind, row, at)

    def _put_row(self, kind: Kind, row: Row, at: int) -> None:
        kind.rows += 1
        for name, number in row.values.items():
            self.store.put(name, at, number)

    def _measures(self, kind: Kind, words: str, found: Tokens, line: Line) -> None:
        place = kind.shape.place
        if kind.shape.drawn and not place.word and value(found.numbers[place.step or 0]) == 0:
            self._place(kind, found)  # a bar that begins anew still shows what the last one said
            return
        self.pending.flush(self.store)
        row = self._row(kind, found, line)
        if kind.count == 1 and not kind.shape.known:
            self._waiting[words] = (found, row)
            return
        if kind.count == 2 and words in self._waiting:
            self._put(kind.shape, *self._waiting.pop(words))
        self.said += 1
        self._put(kind.shape, found, row)
        self.pending.last = row

    def _put(self, kind: Shape, found: Tokens, row: int) -> None:
        self._section = "" if kind.placed else self._section
        before = EVALUATED if self.store.is_aside(row) else f"{self._section}/" if self._section else ""
        for measure in kind.measures:
            number = value(found.numbers[measure.at])
            if number is None:
                continue
            whole = value(found.numbers[measure.of]) if measure.of is not None else None
            label = "" if measure.label is None else found.numbers[measure.label] or ""
            name = measure.name.replace(SLOT, label)
            name = name if not before or part_of(name) else before + name
            self.store.put(name, row, number / whole if whole else number)

    def _row(self, kind: Kind, found: Tokens, line: Line) -> int:
        place, rank = kind.shape.place, line.rank
        step, total, epoch = where(place, found)
        if place.lead is not None and place.lead != place.step and place.word:
            leading = value(found.numbers[place.lead])  # "7: iteration 10 …"
            rank = int(min(leading, MOST_RANKS)) if leading is not None else rank
        aside = kind.shape.bar and self._passes.evaluates(step, total)
        aside = aside or (kind.shape.unnamed and self._passes.of_other_batches(step, total))
        first = found.opaque[0]
        time = wall_time(first) if first is not None else math.nan
        return self.store.row(kind.number, rank, step, total, epoch, time, aside)

    def _place(self, kind: Kind, found: Tokens) -> None:
        self._passes.headings += kind.shape.place.epoch is not None
        self.pending.put(kind, found)
