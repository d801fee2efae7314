"""Text tables (CSV and its kin) as Arrow columns: what is empty becomes null, what says nan stays NaN."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import number_columns
from diagnostics.readers.formats.header_line import LINE_END, UTF_16, Header, as_text, header_of, utf_8

ABSENT = ["", "NA", "N/A", "n/a", "None", "null", "-", "—"]  # Keras writes NA where nothing was measured
HEAD = 1 << 16  # bytes looked at to learn delimiter, decimal sign and header
# jemalloc, where Arrow was built with it, keeps less memory of the system beside a table than Arrow's usual mimalloc
POOL = pa.jemalloc_memory_pool() if "jemalloc" in pa.supported_memory_backends() else pa.default_memory_pool()
WAY_OUT = "export it again as comma-separated text with one header line such as step,train_loss,val_loss"

INK = re.compile(rb"\S")
CONTROL = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])  # that no text has, escape sequences aside
STRAY = 0.01  # of the bytes of a text may be such all the same
ROOM = 16  # rows as long as the header that a block has room for at least

Types = dict[str, pa.DataType]  # by column

NO_ROWS = "line 1: a header without rows; nothing was logged yet, or name another file"


@dataclass(frozen=True)
class TextTable:
    """The ``columns`` of the text file ``path``, and ``notes`` on its ``left_out`` lines (1-based).

    ``first`` is the line of the header, above which nothing is read; ``bare``: it has none, and ``columns`` are numbered.
    """

    columns: pa.Table
    path: Path
    first: int
    left_out: frozenset[int]
    notes: list[str]
    bare: bool

    def line(self, row: int) -> int:
        """The line (1-based) of data row ``row`` (0-based): editors count blank and repeated header lines, rows do not."""
        text = as_text(self.path.read_bytes())
        lines = list(enumerate(text.splitlines(), 1))
        header = "" if self.bare else lines[self.first - 1][1].strip()
        rows = [
            n for n, line in lines if n > self.first and line.strip() not in ("", header) and n not in self.left_out
        ]
        return rows[row] if row < len(rows) else lines[-1][0]


def header(path: Path) -> list[str]:
    """The names of the first line; empty when the file is empty or not text. Reads ``HEAD`` bytes."""
    return _names(look.head(path))


def is_binary(head: bytes) -> bool:
    """Whether ``head``, the beginning of a file, is no text."""
    head = utf_8(head)
    return b"\0" in head or len(head) - len(head.translate(None, CONTROL)) > STRAY * len(head)


@lru_cache(16)
def _names(head: bytes) -> list[str]:
    head = utf_8(head)
    return [] if b"\0" in head else header_of(head).names()


def read_text(path: Path) -> TextTable:
    """The columns, strings where a cell is not a number.

    Raises:
        ReadError: the file is empty, not text, or without rows.
    """
    head = _head(path)
    if not head.strip():
        raise ReadError(path, "the file is empty; the program that writes it may not have flushed yet, or name another")
    if is_binary(head[:HEAD]):
        at = next(n for n, byte in enumerate(head) if byte in CONTROL)
        raise ReadError(path, f"byte {at}: this is binary data, not a table of text; {WAY_OUT}")
    first = header_of(head)
    if not first.bare and not _has_more(head, first):
        raise ReadError(path, NO_ROWS)
    return _parse(path, head, first)


def _head(path: Path) -> bytes:
    """The beginning of the file, with the whole header and some of a row; all of it where that is not enough."""
    with path.open("rb") as file:
        raw = file.read(HEAD)
        head = utf_8(raw)
        return head if _has_more(head, header_of(head)) else utf_8(raw + file.read())


def _has_more(head: bytes, first: Header) -> bool:
    """Whether anything stands below the line ``first``."""
    return bool(INK.search(head, first.end))


def _parse(path: Path, head: bytes, first: Header) -> TextTable:
    wrong: list[pacsv.InvalidRow] = []
    table = _arrow(path, head, first, wrong)
    again = _is_header_again(table)
    table = table if again is None else table.filter(pc.invert(again))
    if table.num_rows == 0 and wrong:
        raise ReadError(path, f"line {wrong[0].number}: no line has as many cells as the first; {WAY_OUT}")
    if table.num_rows == 0:
        raise ReadError(path, NO_ROWS)
    return TextTable(table, path, first.line, frozenset(row.number for row in wrong), _wrong_lines(wrong), first.bare)


def _arrow(path: Path, head: bytes, first: Header, wrong: list[pacsv.InvalidRow]) -> pa.Table:
    """All columns, read by Arrow from the file itself; in threads, unless a line or the encoding is wrong."""
    if look.head(path).startswith(UTF_16):
        return _recoded(path, head, first, wrong)
    try:
        types = _expected(head, first)
        if len(types) == len(first.names()):
            return _numbers(path, head, first, types)
        with pa.OSFile(str(path)) as file:
            table = pacsv.read_csv(file, *_options(head, first, types, threads=True), POOL)
        if any(pa.types.is_binary(kind) for kind in table.schema.types):  # text that is no UTF-8
            return _recoded(path, head, first, wrong)
        return table
    except pa.ArrowInvalid:  # only one thread can say which line is wrong
        return _recoded(path, head, first, wrong)


def _recoded(path: Path, head: bytes, first: Header, wrong: list[pacsv.InvalidRow]) -> pa.Table:
    """The same of a text in any encoding, in one thread."""
    try:
        text = pa.BufferReader(as_text(path.read_bytes()).encode())
        return pacsv.read_csv(text, *_options(head, first, wrong=wrong), POOL)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise ReadError(path, NO_ROWS) from error
        raise ReadError(path, f"{' '.join(str(error).split())}; {WAY_OUT}") from error


def _numbers(path: Path, head: bytes, first: Header, types: Types) -> pa.Table:
    """A long table all of whose columns hold numbers."""
    found = LINE_END.match(head, first.end)
    start = first.end - len(first.text.encode()) if first.bare or found is None else found.end()

    def read(types: Types, bare: bool) -> pa.Table:
        options = _options(head, replace(first, line=0), types, bare=bare)
        return number_columns.read(path, start, lambda part: pacsv.read_csv(part, *options, POOL))

    try:
        return read(types, bare=True)
    except pa.ArrowInvalid:  # what began as whole numbers may go on as others, or as words that say that there is none
        return read(dict.fromkeys(types, pa.float64()), bare=False)


def _expected(head: bytes, first: Header) -> Types:
    """Which columns hold numbers as far as ``head`` shows; of others Arrow keeps all text, to read it again as something else.

    Where all but empty columns do, those are taken for numbers too, and whole numbers, which are read sooner, for such.
    """
    if len(head) < HEAD:
        return {}
    try:
        table = pacsv.read_csv(pa.BufferReader(head[: head.rfind(b"\n") + 1]), *_options(head, first), POOL)
    except pa.ArrowInvalid:
        return {}
    kinds = {field.name: field.type for field in table.schema}
    numbers = {n for n, kind in kinds.items() if pa.types.is_integer(kind) or pa.types.is_floating(kind)}
    if all(pa.types.is_null(kind) for n, kind in kinds.items() if n not in numbers):
        return {n: kind if pa.types.is_integer(kind) else pa.float64() for n, kind in kinds.items()}
    return dict.fromkeys(numbers, pa.float64())


def _options(
    head: bytes,
    first: Header,
    types: Types | None = None,
    threads: bool = False,
    wrong: list[pacsv.InvalidRow] | None = None,
    bare: bool = False,
) -> tuple[pacsv.ReadOptions, pacsv.ParseOptions, pacsv.ConvertOptions]:
    """How Arrow is to read the table: ``ArrowInvalid`` where a line has too few or too many cells, or one is not of its type.

    With ``wrong``, such lines are left out and collected there; with ``bare``, cells are numbers without quotes or empty.
    """

    def skip(row: pacsv.InvalidRow) -> str:
        (wrong if wrong is not None else []).append(row)
        return "skip"

    parse = pacsv.ParseOptions(
        delimiter=first.delimiter,
        quote_char=False if bare else '"',
        invalid_row_handler=None if wrong is None else skip,
    )
    point = "," if first.delimiter != "," and _has_decimal_comma(as_text(head[:HEAD])) else "."
    convert = pacsv.ConvertOptions(
        null_values=[""] if bare else ABSENT, strings_can_be_null=True, decimal_point=point, column_types=types
    )
    block = max(number_columns.BLOCK, ROOM * len(first.text))
    read = pacsv.ReadOptions(
        column_names=unique(first.names()), skip_rows=first.line, use_threads=threads, block_size=block
    )
    return read, parse, convert


def _wrong_lines(wrong: list[pacsv.InvalidRow]) -> list[str]:
    if not wrong:
        return []
    row = wrong[0]
    others = f", as are {len(wrong) - 1} more such lines" if wrong[1:] else ""
    return [f"line {row.number} has {row.actual_columns} cells, the header {row.expected_columns}: left out{others}"]


def _is_header_again(table: pa.Table) -> pa.Array | None:
    """bool [rows]: where a text column holds its own name, as programs write that append to their log; None for nowhere."""
    again = None
    for name in table.column_names:
        if pa.types.is_string(table[name].type):
            same = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(table[name]), pa.scalar(name)), False)
            again = same if again is None else pc.or_(again, same)
    return again if again is not None and pc.any(again).as_py() else None


def _has_decimal_comma(head: str) -> bool:
    return bool(re.search(r"\d,\d", head)) and not re.search(r"\d\.\d", head)


def unique(names: Sequence[str]) -> list[str]:
    """``names`` with a number behind every repeated one."""
    found: dict[str, None] = {}
    again: dict[str, int] = {}
    for name in names:
        own = name
        while own in found:
            again[name] = again.get(name, 1) + 1
            own = f"{name} ({again[name]})"
        found[own] = None
    return list(found)
