"""Reads the lines of a text log into rows; a kind of line is looked at once, and then only its numbers are taken."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from diagnostics.readers.text.end import End
from diagnostics.readers.text.lines import Line
from diagnostics.readers.text.reading import shape
from diagnostics.readers.text.shape import Shape
from diagnostics.readers.text.store import Kind, Store
from diagnostics.readers.text.tables import Grid
from diagnostics.readers.text.tokens import Tokens, like, tokens, value, wall_time
from diagnostics.readers.text.words import heading, part_of

SPACES = re.compile(r"\s+")
OFTEN = 2  # lines of a kind after which its pattern is made
BEHIND = re.compile(r":?\s+\d+%\|.*$")  # tqdm's bar
FEWEST_CELLS = 4  # of a row before a bar
TABLE = "a row before a bar"
MOST_RECENT = 4  # kinds whose patterns are tried
EVALUATED = "evaluate/"  # before the names of Keras' Model.evaluate
MOST_KINDS = 20_000  # kinds of lines held in mind; in a log there are tens, in prose each line is one of its own
JOIN = "\x00"


@dataclass
class Miner:
    """What was read so far: rows in ``store``, the kinds of lines by their words, and how the log ends."""

    store: Store = field(default_factory=Store)
    kinds: dict[str, Kind] = field(default_factory=dict)
    by_number: list[Kind] = field(default_factory=list)
    end: End = field(default_factory=End)
    grid: Grid = field(default_factory=Grid)
    lines: int = 0
    said: int = 0  # lines with a quantity of which we know that it is one
    after: dict[int, tuple[float, float]] = field(
        default_factory=dict
    )  # by row, the [i/n] that was drawn right after it
    totals: dict[float, None] = field(default_factory=dict)  # of the bars, in the order of the log
    _recent: list[Kind] = field(default_factory=list)
    _last: int = -1  # the row of the line before, -1 where that was none
    _headings: int = 0  # of epochs
    _pass: tuple[float, float, int] = (
        -1.0,
        -1.0,
        -1,
    )  # of Keras' bars: the last step, of how many, the headings when it began
    _evaluates: bool = False
    _plain: dict[str, str | None] = field(default_factory=dict)  # kinds of lines that hold nothing, and what they head
    _section: str = ""  # the part of the data that a heading said
    _heads: dict[str, str] = field(default_factory=dict)  # by name, the words before it on the first kind that has it
    _waiting: dict[str, tuple[Tokens, Line, int]] = field(default_factory=dict)  # seen once, of no known quantity
    _places: dict[bool, tuple[Kind, float, float, float]] = field(default_factory=dict)  # by "says the epoch"

    def read(self, lines: Iterable[Line]) -> "Miner":
        """Take in ``lines``; returns the miner itself."""
        for line in lines:
            self.lines += 1
            if line.text:
                self._line(line)
        return self

    def _line(self, line: Line) -> None:
        if not self._again(line):
            self._slow(line)

    def _again(self, line: Line) -> bool:
        """Take in a line of a kind that was read just now, without looking at its words again."""
        for i, kind in enumerate(self._recent):
            match = kind.pattern.fullmatch(line.text) if kind.pattern else None
            if match:
                if i:
                    self._recent.insert(0, self._recent.pop(i))
                groups = match.groups()
                numbers = [None if o else g for g, o in zip(groups, kind.opaque, strict=True)]
                opaque = [g if o else None for g, o in zip(groups, kind.opaque, strict=True)]
                self._measures(kind, "", Tokens((), opaque, numbers), line)
                kind.count += 1
                return True
        return False

    def _remember(self, kind: Kind, found: Tokens, line: Line) -> None:
        if kind.count == OFTEN and (pattern := like(line.text, found)) is not None:
            kind.pattern, kind.opaque = pattern, tuple(token is not None for token in found.opaque)
        if kind.pattern is not None:
            self._recent.insert(0, kind)
            del self._recent[MOST_RECENT:]

    def _slow(self, line: Line) -> None:
        if "%|" in line.text and self._behind_bar(line):
            return
        found = tokens(line.text)
        words = SPACES.sub(" ", JOIN.join(found.words))
        if words in self._plain and not self.grid.open:
            self._announced(self._plain[words])
            return
        kind = self.kinds.get(words) or self._new(words, found)
        if kind is None:
            self.end.line(line, self.said)
            self.grid.text(line.text)
            self._forget(words, line.text)
            self._announced(self._plain[words])
        elif kind.shape.plain and self._row_of_table(kind, line):
            pass
        elif kind.shape.measures:
            self.end.line(line, self.said) if kind.count == 0 else None
            self._measures(kind, words, found, line)
            self._remember(kind, found, line)
        else:
            self.end.line(line, self.said) if kind.count == 0 else None
            self._place(kind, found)
        if kind is not None:
            kind.count += 1

    def _behind_bar(self, line: Line) -> bool:
        """A row of a table, or its heading, with a progress bar behind it, as YOLO prints them."""
        head = BEHIND.sub("", line.text)
        if len(head) == len(line.text) or len(head.split()) < FEWEST_CELLS:
            return False
        read = shape(tokens(head))
        if read is None or not read.plain:
            return self.grid.heading(head)
        kind = self.kinds.get(TABLE) or self.kinds.setdefault(TABLE, Kind(len(self.by_number), read))
        if kind.number == len(self.by_number):
            self.by_number.append(kind)
        return self._row_of_table(kind, Line(line.number, line.rank, head))

    def _new(self, words: str, found: Tokens) -> Kind | None:
        read = shape(found)
        if read is None or not (
            read.measures or read.plain or read.place.step is not None or read.place.epoch is not None
        ):
            return None
        if len(self.kinds) > MOST_KINDS:
            self._drop_rare()
        if read.place.step is None and read.place.epoch is None:
            self._tell_apart(read)
        kind = self.kinds[words] = Kind(len(self.by_number), read)
        self.by_number.append(kind)
        return kind

    def _announced(self, part: str | None) -> None:
        self._section = self._section if part is None else part

    def _tell_apart(self, read: Shape) -> None:
        """Put the words before a name into it, where lines with other words before it have the same: ``best metric/hmean``."""
        for measure in read.measures:
            if self._heads.setdefault(measure.name, read.head) != read.head and read.head:
                measure.name = f"{read.head}/{measure.name}"

    def _forget(self, words: str, text: str) -> None:
        if len(self._plain) > MOST_KINDS:
            self._plain.clear()
        self._plain[words] = heading(text)

    def _drop_rare(self) -> None:
        """Forget the kinds that were seen once and whose numbers mean nothing we know."""
        for words in [w for w, kind in self.kinds.items() if kind.count < 2 and not kind.shape.known]:
            del self.kinds[words]
            self._waiting.pop(words, None)

    def _measures(self, kind: Kind, words: str, found: Tokens, line: Line) -> None:
        if kind.shape.drawn and not kind.shape.place.word and value(found.numbers[kind.shape.place.step or 0]) == 0:
            self._place(kind, found)  # a bar that begins anew still shows what the last one said
            return
        if kind.count == 0 and not kind.shape.known:
            self._flush_places()
            row = self._row(kind, found, line)
            self._waiting[words] = (found, line, row)
            return
        if kind.count == 1 and words in self._waiting:
            first, _, row = self._waiting.pop(words)
            self._put(kind.shape, first, row)
        self.said += 1
        self._flush_places()
        self._put(kind.shape, found, self._row(kind, found, line))
        self._last = len(self.store) - 1

    def _put(self, kind: Shape, found: Tokens, row: int) -> None:
        placed = kind.place.step is not None or kind.place.epoch is not None
        self._section = "" if placed else self._section
        before = EVALUATED if self.store.aside[row] else f"{self._section}/" if self._section else ""
        for measure in kind.measures:
            number = value(found.numbers[measure.at])
            if number is None:
                continue
            whole = value(found.numbers[measure.of]) if measure.of is not None else None
            name = measure.name if measure.label is None else f"{measure.name} {found.numbers[measure.label]}"
            self.store.put(
                name if not before or part_of(name) else before + name, row, number / whole if whole else number
            )

    def _is_evaluation(self, step: float, total: float) -> bool:
        """Whether a Keras bar is ``evaluate``'s: a second pass under the same heading of an epoch."""
        last, whole, heading = self._pass
        if step <= last / 2 or total != whole or heading != self._headings:
            self._evaluates = 0 < self._headings == heading
            heading = self._headings
        self._pass = (step, total, heading)
        return self._evaluates

    def _row(self, kind: Kind, found: Tokens, line: Line) -> int:
        place, numbers = kind.shape.place, found.numbers
        step, total, epoch = (
            math.nan if at is None else _or_nan(numbers[at]) for at in (place.step, place.total, place.epoch)
        )
        rank = line.rank
        if place.lead is not None and place.lead != place.step and place.word:
            rank = int(min(_or_nan(numbers[place.lead]), 1e6)) if numbers[place.lead] else rank  # "7: iteration 10 …"
        aside = kind.shape.bar and self._is_evaluation(step, total)
        return self.store.row(kind.number, rank, step, total, epoch, _time(found), aside)

    def _place(self, kind: Kind, found: Tokens) -> None:
        place = kind.shape.place
        step, total, epoch = (
            math.nan if at is None else _or_nan(found.numbers[at]) for at in (place.step, place.total, place.epoch)
        )
        self._headings += place.epoch is not None
        if total == total and not place.word and not kind.shape.evaluation:
            self.totals.setdefault(total)
            if self._last >= 0:
                self.after[self._last] = (step, total)
        self._last = -1
        if kind.shape.drawn and (step == 0 or kind.shape.evaluation):
            return  # a bar that has only begun, before the last line of what went before; or another count
        if place.epoch is not None:
            self._places.clear()
        self._places[place.epoch is not None] = (kind, step, total, epoch)

    def _flush_places(self) -> None:
        """The places that lines without a quantity said since the last row: headings of epochs, progress bars."""
        for says_epoch in (True, False) if self._places else ():
            if says_epoch in self._places:
                kind, step, total, epoch = self._places.pop(says_epoch)
                self.store.row(kind.number, 0, step, total, epoch)

    def _row_of_table(self, kind: Kind, line: Line) -> bool:
        row = self.grid.row(line.text)
        if row is None:
            return False
        self._flush_places()
        at = self.store.row(kind.number, line.rank, row.step, row.total, row.epoch)
        kind.rows += 1
        for name, number in row.values.items():
            self.store.put(name, at, number)
        return True


def _or_nan(token: str | None) -> float:
    found = value(token)
    return math.nan if found is None else found


def _time(found: Tokens) -> float:
    first = found.opaque[0]
    return wall_time(first) if first is not None else math.nan
