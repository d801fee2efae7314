"""The header line of a text table: which line it is, what divides its names, and how the bytes become text."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

DELIMITERS = ",;\t"
BOM = b"\xef\xbb\xbf"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # as spreadsheets write their "Unicode text"
SEPARATOR = re.compile(r"sep=.", re.IGNORECASE)  # a first line for spreadsheets
LINE_END = re.compile(rb"\r\n|[\r\n]")
ROWS = 8  # that show a cell without a name
COLUMN = "column {0}"  # of a table without a header


@dataclass(frozen=True)
class Header:
    """The line with the names: its ``text``, its number (1-based) as ``line``, and ``end``, the byte behind it.

    ``bare``: there is none, numbers begin at once: ``text`` and ``end`` are those of the first, ``line`` is the one above.
    ``gap``: of the one cell, always empty, that the rows have more than there are names; -1 for none.
    """

    text: str
    line: int
    end: int
    bare: bool = False
    gap: int = -1

    @property
    def delimiter(self) -> str:
        """What divides the names."""
        return _delimiter(self.text)

    def names(self) -> list[str]:
        """Of the columns; numbered where there is no header."""
        cells = _split(self.text)
        if self.bare:
            return [COLUMN.format(n) for n in range(1, len(cells) + 1)]
        return cells if self.gap < 0 else [*cells[: self.gap], COLUMN.format(self.gap + 1), *cells[self.gap :]]


def utf_8(raw: bytes) -> bytes:
    """``raw`` as it is, unless a mark at its beginning says that it is UTF-16."""
    return as_text(raw).encode() if raw.startswith(UTF_16) else raw


def as_text(raw: bytes) -> str:
    """``raw`` in the encoding it is in: UTF-16 by its mark, UTF-8, or else Latin-1, which fits any bytes."""
    if raw.startswith(UTF_16):
        return raw.decode("utf-16", "ignore")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def header_of(head: bytes) -> Header:
    """The line with the names: the first that is no comment, or the last comment, if only numbers follow it."""
    first = _first_line(head)
    return first if first.bare else replace(first, gap=_gap(head, first))


def _gap(head: bytes, first: Header) -> int:
    """Which cell of each of the first rows is empty, where they all have one cell more than there are names; -1 for none."""
    names = _split(first.text)
    rows = [line.text.split(first.delimiter) for line in islice(_inked(head[first.end :]), ROWS)]
    if not rows or len(names) < 2 or any(len(row) != len(names) + 1 for row in rows):
        return -1
    empty = [n for n, cells in enumerate(zip(*rows, strict=True)) if not "".join(cells).strip()]
    return empty[0] if len(empty) == 1 else -1


def _first_line(head: bytes) -> Header:
    comment: Header | None = None
    for line in _inked(head):
        if SEPARATOR.fullmatch(line.text.strip()):
            continue
        if not _is_comment(line.text):
            cells = _split(line.text)
            if not all(map(_is_number, cells)):
                return line
            if comment and len(_split(comment.text)) == len(cells):
                return comment
            return replace(line, line=line.line - 1, bare=True)
        comment = replace(line, text=line.text.lstrip("# "))
    return comment or Header("", 1, len(head))


def _inked(head: bytes) -> Iterator[Header]:
    """The lines of ``head`` that are not blank."""
    at, number = len(BOM) if head.startswith(BOM) else 0, 1
    while at < len(head):
        found = LINE_END.search(head, at)
        end = found.start() if found else len(head)
        if head[at:end].strip():
            yield Header(as_text(head[at:end]), number, end)
        at, number = (found.end() if found else end), number + 1


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#") and _split(line)[0] != "#"


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=re.sub(r'"[^"]*"', "", line).count)


def _split(line: str) -> list[str]:
    cells = re.findall(rf'(?:^|{_delimiter(line)})\s*("[^"]*"|[^{_delimiter(line)}]*)', line) if line else []
    return [cell.strip().strip('"').strip() for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
