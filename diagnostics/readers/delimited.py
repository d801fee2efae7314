"""Text tables (CSV and its kin) as Arrow columns: what is empty becomes null, what says nan stays NaN."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from diagnostics.readers.errors import ReadError

ABSENT = ["", "NA", "N/A", "n/a", "None", "null", "-", "—"]  # Keras writes NA where nothing was measured
DELIMITERS = ",;\t"
HEAD = 1 << 16  # bytes looked at to learn delimiter, decimal sign and header
WAY_OUT = "export it again as comma-separated text with one header line such as step,train_loss,val_loss"

NO_ROWS = "line 1: a header without rows; nothing was logged yet, or name another file"


@dataclass(frozen=True)
class TextTable:
    """The ``columns`` of a text file, and ``notes`` on its ``left_out`` lines (1-based)."""

    columns: pa.Table
    text: str
    left_out: frozenset[int]
    notes: list[str]

    def line(self, row: int) -> int:
        """The line (1-based) of data row ``row`` (0-based): editors count blank and repeated header lines, rows do not."""
        lines = list(enumerate(self.text.splitlines(), 1))
        header = lines[_header_line(self.text) - 1][1].strip()
        rows = [n for n, line in lines if line.strip() not in ("", header) and n not in self.left_out]
        return rows[row]


def header(path: Path) -> list[str]:
    """The names of the first line; empty when the file is empty or not text. Reads ``HEAD`` bytes."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    return [] if b"\0" in head else _split(_first_line(_text(head)))


def read_text(path: Path) -> TextTable:
    """The columns, strings where a cell is not a number.

    Raises:
        ReadError: the file is empty, not text, without a header, or without rows.
    """
    raw = path.read_bytes()
    if not raw.strip():
        raise ReadError(path, "the file is empty; the program that writes it may not have flushed yet, or name another")
    if b"\0" in raw[:HEAD]:
        raise ReadError(path, f"byte {raw.index(0)}: this is binary data, not a table of text; {WAY_OUT}")
    text = _text(raw)
    names = _split(_first_line(text))
    if all(_is_number(name) for name in names):
        raise ReadError(path, f"line 1: numbers where column names should be; {WAY_OUT}")
    return _parse(path, text, names)


def _parse(path: Path, text: str, names: list[str]) -> TextTable:
    wrong: list[pacsv.InvalidRow] = []
    if "\n" not in text.strip().replace("\r", "\n"):
        raise ReadError(path, NO_ROWS)
    table = _arrow(path, text, _unique(names), wrong)
    again = _is_header_again(table)
    table = table.filter(pc.invert(again)) if pc.any(again).as_py() else table
    if table.num_rows == 0 and wrong:
        raise ReadError(path, f"line {wrong[0].number}: no line has as many cells as the first; {WAY_OUT}")
    if table.num_rows == 0:
        raise ReadError(path, NO_ROWS)
    return TextTable(table, text, frozenset(row.number for row in wrong), _wrong_lines(wrong))


def _arrow(path: Path, text: str, names: list[str], wrong: list[pacsv.InvalidRow]) -> pa.Table:
    def skip(row: pacsv.InvalidRow) -> str:
        wrong.append(row)
        return "skip"

    delimiter = _delimiter(_first_line(text))
    parse = pacsv.ParseOptions(delimiter=delimiter, invalid_row_handler=skip)
    point = "," if delimiter != "," and _has_decimal_comma(text[:HEAD]) else "."
    convert = pacsv.ConvertOptions(null_values=ABSENT, strings_can_be_null=True, decimal_point=point)
    # One thread: with more, Arrow cannot say which line is wrong.
    read = pacsv.ReadOptions(column_names=names, skip_rows=_header_line(text), use_threads=False)
    try:
        return pacsv.read_csv(io.BytesIO(text.encode()), read, parse, convert)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise ReadError(path, NO_ROWS) from error
        raise ReadError(path, f"{' '.join(str(error).split())}; {WAY_OUT}") from error


def _wrong_lines(wrong: list[pacsv.InvalidRow]) -> list[str]:
    if not wrong:
        return []
    row = wrong[0]
    others = f", as are {len(wrong) - 1} more such lines" if wrong[1:] else ""
    return [f"line {row.number} has {row.actual_columns} cells, the header {row.expected_columns}: left out{others}"]


def _is_header_again(table: pa.Table) -> pa.Array:
    """bool [rows]: where a text column holds its own name, as programs write that append to their log."""
    again = pa.repeat(pa.scalar(False), table.num_rows)
    for name in table.column_names:
        if pa.types.is_string(table[name].type):
            same = pc.equal(pc.utf8_trim_whitespace(table[name]), pa.scalar(name))
            again = pc.or_(again, pc.fill_null(same, False))
    return again


def _has_decimal_comma(head: str) -> bool:
    return bool(re.search(r"\d,\d", head)) and not re.search(r"\d\.\d", head)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _header_line(text: str) -> int:
    """The line (1-based) of the header: the first that is not blank."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip())


def _first_line(text: str) -> str:
    return next((line for line in io.StringIO(text) if line.strip()), "").rstrip("\r\n")


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=re.sub(r'"[^"]*"', "", line).count)


def _split(line: str) -> list[str]:
    cells = re.findall(rf'(?:^|{_delimiter(line)})\s*("[^"]*"|[^{_delimiter(line)}]*)', line) if line else []
    return [cell.strip().strip('"').strip() for cell in cells]


def _unique(names: list[str]) -> list[str]:
    """``names`` with a number behind every repeated one."""
    return [f"{name} ({names[: n + 1].count(name)})" if name in names[:n] else name for n, name in enumerate(names)]


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
