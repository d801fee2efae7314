"""Blocks of ``| name | value |`` lines, one a moment of the training, as Stable-Baselines and OpenAI's baselines print them."""

import re
from dataclasses import dataclass, field

from diagnostics.readers.text.lines import Line
from diagnostics.readers.text.tables import NUMBER, Row, row_of

EDGES = "|\u2502\u2503"
PAIR = re.compile(rf"[{EDGES}](?P<name>[^{EDGES}]*)[{EDGES}](?P<value>[^{EDGES}]*)[{EDGES}]$")
INDENT = "  "  # before a name that belongs to the section above it
MOST_NAMES = 1_000  # of a block


@dataclass
class Block:
    """The lines of one: ``names`` with their ``cells``, and the ``rank`` that printed it."""

    names: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    rank: int = 0

    @property
    def row(self) -> Row:
        """What it says."""
        return row_of(self.names, self.cells)


@dataclass
class Blocks:
    """The block that is being read."""

    _open: Block = field(default_factory=Block)
    _section: str = ""

    def takes(self, line: Line) -> bool:
        """Take in a line, and say whether it is one of a block."""
        pair = PAIR.match(line.text) if line.text[:1] in EDGES else None
        if pair is None:
            return False
        name, value = pair["name"].strip(), pair["value"].strip()
        if name.endswith("/") and not value:
            self._section = name
            return True
        if not any(c.isalpha() for c in name) or not NUMBER.match(value) or len(self._open.names) >= MOST_NAMES:
            return False
        self._open.rank = line.rank
        self._open.names.append(self._section + name if pair["name"].startswith(INDENT) else name)
        self._open.cells.append(value)
        return True

    def ended(self) -> Block | None:
        """The block that ended before the line that was not taken, if one did."""
        found, self._section = self._open, ""
        if not found.names:
            return None
        self._open = Block()
        return found
