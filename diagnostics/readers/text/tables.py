"""Tables printed as text: a line of names, then lines of as many cells. fastai, YOLO, skorch, ``DataFrame.to_string``."""

import math
import re
from dataclasses import dataclass, field

from collector.schema import EPOCH, STEP
from diagnostics.readers.text.tokens import DATE, value
from diagnostics.readers.text.words import MEASURE
from diagnostics.readers.understanding.names import THINGS, index_of

RULER = re.compile(r"[\s|:+=\u2500-\u257f-]*$")
BAR = re.compile(r":?\s+\d+%\|.*$|:\s+\d+%.*$")  # tqdm's, behind a row of YOLO's
LOGGED = re.compile(
    rf"\s*\[?{DATE}\]?[\s:|-]*(?:\[?(?:DEBUG|INFO|WARNING)\]?[\s:|-]+)?"
)  # a logger's prefix, before names and rows alike
WHOLE = re.compile(r"(\d+)\s*/\s*(\d+)$")
NUMBER = re.compile(r"[-+]?(?:\d|\.\d|nan\b|inf\b)", re.IGNORECASE)
MOST_CELLS = 200
FIRST = THINGS | {"split", "#", "id"}  # in the first column
GROUP = re.compile(r"(\w+)\((\w[^()]*)$")
ALL = "all"  # YOLO's row of all classes


@dataclass
class Row:
    """One row of a table."""

    values: dict[str, float]
    step: float = math.nan
    total: float = math.nan
    epoch: float = math.nan


@dataclass
class Grid:
    """The names of the table that a log is in, if it is in one."""

    names: list[str] = field(default_factory=list)
    _logged: bool = False  # whether a logger's prefix stands before them, and before each row
    _candidate: str = ""
    _of_things: str = ""  # the last heading whose rows are about things, as YOLO's of classes: a bar may come between

    @property
    def open(self) -> bool:
        """Whether every line must be seen: it may be a heading again."""
        return bool(self.names)

    def text(self, line: str) -> None:
        """A line that is no row: perhaps the heading of a table."""
        if not RULER.match(line):
            self._candidate = line

    def heading(self, line: str) -> bool:
        """Take in a line that is known to hold no numbers, and say whether it is the heading of a table."""
        found = bool(_headings(line))
        self._candidate = line if found else self._candidate
        self._of_things = line if found and line.split()[0].lower() in FIRST else self._of_things
        return found

    def row(self, line: str) -> Row | None:
        """The row that a line of numbers is, or None where it fits no heading, or is about one of many things."""
        line = BAR.sub("", line)
        of_all = _headings(self._of_things) if line.split()[:1] == [ALL] else []
        logged = _logged(self._candidate)
        known = [*((names, logged) for names in _headings(self._candidate)), (self.names, self._logged)]
        for names, prefixed in (*known, *((names, False) for names in of_all)):
            for cells in _ways(LOGGED.sub("", line, count=1) if prefixed else line):
                extra = len(cells) - len(names)
                if not names or (names[0].lower() in FIRST and cells[0].lower() != ALL):
                    continue
                if extra == 0 or (extra == 1 and cells[0].isdigit()):
                    self.names, self._logged = names, prefixed
                    return row_of(names, cells[extra:])
        return None


def _headings(line: str) -> list[list[str]]:
    """The names that ``line`` may be the heading of, by the ways to take it apart."""
    line = BAR.sub("", line)
    bare = LOGGED.sub("", line, count=1) if _logged(line) else line
    return [names for names in map(_names, _ways(bare.rstrip(": "))) if names]


def _logged(line: str) -> bool:
    """Whether a logger's prefix stands before ``line``; its date is no column of a heading's."""
    return LOGGED.match(line) is not None


def _ways(line: str) -> tuple[list[str], ...]:
    """The ways to take ``line`` apart; tabs may be doubled to line up columns."""
    cells = _cells(line)
    return (cells, [c for c in cells if c], line.split()) if "" in cells else (cells, line.split())


def _names(cells: list[str]) -> list[str]:
    if not 1 < len(cells) <= MOST_CELLS or any(NUMBER.match(c) for c in cells):
        return []
    cells = _ungrouped(cells)
    return cells if {EPOCH, STEP} & index_of(cells).keys() or any(MEASURE.search(c) for c in cells) else []


def _ungrouped(cells: list[str]) -> list[str]:
    """Names in groups, as YOLO's ``Box(P R mAP50) Mask(P R mAP50)``: those of the first as they are, of others behind its name."""
    group, groups, inside, found = "", 0, False, list[str]()
    for cell in cells:
        if opened := GROUP.match(cell):
            group, groups, inside, cell = f"{opened[1]} " if groups else "", groups + 1, True, opened[2]
        found.append(f"{group}{cell.removesuffix(')')}" if inside else cell)
        inside = inside and not cell.endswith(")")
    return found if len({*found}) == len(found) else cells


def _cells(line: str) -> list[str]:
    line = re.sub(r"(\d)\s*/\s+(\d)", r"\1/\2", line.strip())
    if "|" in line or "\u2502" in line:
        return [c.strip() for c in re.split(r"[|\u2502]", line.strip("|\u2502 "))]
    if "\t" in line:
        return [c.strip() for c in line.split("\t")]
    wide = [c.strip() for c in re.split(r"\s{2,}", line)]
    return wide if any(" " in c for c in wide) and len(wide) > 2 else line.split()


def row_of(names: list[str], cells: list[str]) -> Row:
    """The row in which ``cells``, as text, stand under ``names``."""
    role = index_of(names)
    row = Row({})
    for name, cell in zip(names, cells, strict=True):
        whole = WHOLE.match(cell)
        number = value(whole[1] if whole else cell.rstrip("%"))
        if number is None or not name:
            continue
        if name == role.get(EPOCH):
            row.epoch = number
        elif name == role.get(STEP):
            row.step = number
        else:
            row.values[name] = number
    return row
