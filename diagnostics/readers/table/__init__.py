"""Tables: CSV in any dialect and Parquet, wide (a column a quantity) or long (tag, step, value).

Written by Keras and fastai CSVLogger, Lightning CSVLogger, Ultralytics ``results.csv``, exports of pandas, TensorBoard, W&B and
MLflow, and by hand. Columns get our tags by ``names``; those nobody knows keep their own name. A table without a header is
called by its file's name. Nothing of the file but its numbers survives: hyperparameters, states and layers are not in a table.
Where rows go back and log a step again, as after a resume, the later row counts and the earlier is kept as superseded.
A table of results or data, whose rows are models, experiments or samples, is refused in one line.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import delimited
from diagnostics.readers.formats.columns import Column, joined, numbers, strings
from diagnostics.readers.formats.header_line import COLUMN
from diagnostics.readers.formats.readable import readable
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.table import bare, emptied, results
from diagnostics.readers.table.logs import Table, logs_of
from diagnostics.readers.understanding import counters, names, pairs

Place = Callable[[int], str]  # where a row (0-based) is, for messages

TEXT, PARQUET = (".csv", ".tsv"), (".parquet", ".pq")
MAGIC = b"PAR1"
INDEX = re.compile(r"__index_level_\d+__")  # of pandas, which wrote it beside the columns
FROM_TENSORBOARD = ("Wall time", "Step", "Value")
OWN_NAMES = "no column is a curve we know ({0})"
GENERIC = {"metrics", "results", "history", "log", "logs", "progress", "training"}  # file names that name no run


def claims(path: Path) -> bool:
    """Whether ``path`` is a .csv, .tsv or .parquet file whose columns sound like training; reads its head."""
    if path.suffix.lower() not in TEXT + PARQUET or not look.is_file(path):
        return False
    header = _header(path)
    if not pairs.is_like_training(header):
        return not _is_parquet(path) and delimited.is_binary(look.head(path))  # so that reading it says what is wrong
    return not _is_of_results(path, header)


def _is_of_results(path: Path, header: list[str]) -> bool:
    """Whether it is a table of results, as far as that can be told at little cost: these are small, and have no steps."""
    if names.has_step(names.index_of(header)) or len(look.head(path)) == look.HEAD:
        return False
    try:
        _table(path, *_opened(path))
    except ReadError as error:
        return results.WAY_OUT in error.message
    return False


def read(path: Path, limits: Limits) -> list[Log]:
    """One log a value of the ``run`` column, or one.

    Raises:
        ReadError: the file is damaged, empty, or not a table.
    """
    limits.open(path)
    table, place, notes = _opened(path)
    if not pairs.is_like_training(table.column_names):
        told = OWN_NAMES.format(_list(table.column_names))
        if table.num_rows == 1:
            raise ReadError(path, f"line 1: {told}, and there is one row only; name a log")
        notes = [*notes, f"{told}: each is kept under its own name"]
    found = logs_of(_table(path, table, place, notes))
    return [replace(log, split=names.split_of_file(path.stem, [s.name for s in log.series])) for log in found]


def _opened(path: Path) -> tuple[pa.Table, Place, list[str]]:
    return _read_parquet(path) if _is_parquet(path) else _read_text(path)


def _table(path: Path, table: pa.Table, place: Place, notes: list[str]) -> Table:
    role = names.index_of(table.column_names)
    apart = [] if {names.TAG, names.VALUE} <= role.keys() else [role.pop(r, None) for r in (names.TAG, names.VALUE)]
    text = {r: strings(table[role[r]]) for r in (names.RUN, names.TAG) if r in role}
    columns, words = _columns(table, [role[r] for r in text], place, notes)
    said = {**words, **{role[r]: cells for r, cells in text.items()}}
    if told := results.why(table.num_rows, said, columns, role):
        raise ReadError(path, told)
    if not text:  # of several runs or quantities in turn, the counter begins anew with each
        role = counters.index_of([n for n in columns if n not in apart], lambda name: columns[name].values)
        columns, lost = emptied.with_nan(columns, role, table.num_rows, place)
        notes = [*notes, *lost]
    return Table(str(path), _name(path), table.num_rows, columns, role, text, joined(notes))


def _columns(
    table: pa.Table, apart: list[str], place: Place, notes: list[str]
) -> tuple[dict[str, Column], dict[str, pa.ChunkedArray]]:
    """The columns of numbers and those of words, but for those ``apart``."""
    columns, words = dict[str, Column](), dict[str, pa.ChunkedArray]()
    for name in [n for n in table.column_names if n not in apart]:
        column, told = numbers(name, table[name], place)
        cells = None if column is not None else strings(table[name])
        notes += told
        if column is not None:
            columns[name] = column
        elif cells is not None:
            words[name] = cells
    return columns, words


def _read_parquet(path: Path) -> tuple[pa.Table, Place, list[str]]:
    try:
        table = readable(pq.ParquetFile(path).read())
        table = table.rename_columns(delimited.unique(table.column_names))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        told = " ".join(str(error).split())
        raise ReadError(path, f"damaged or half-written Parquet ({told}); write it again") from error
    if table.num_rows == 0:
        raise ReadError(path, "columns without rows; nothing was logged yet, or name another file")
    kept = [name for name in table.column_names if not INDEX.fullmatch(name)]
    return table.select(kept), lambda row: f"row {row + 1}", []


def _read_text(path: Path) -> tuple[pa.Table, Place, list[str]]:
    text = delimited.read_text(path)
    table = text.columns
    if text.bare:
        return bare.named(table, path.stem), lambda row: f"line {text.line(row)}", [*text.notes, bare.TOLD]
    if "" in table.column_names and not pa.types.is_string(table[""].type):
        table = table.drop_columns([""])  # pandas' index, which to_csv writes without a name
    tag = names.exported_tag(path.stem)
    if tag and tuple(table.column_names) == FROM_TENSORBOARD:
        table = table.rename_columns(["wall_time", "step", tag])
    return table, lambda row: f"line {text.line(row)}", text.notes


def _header(path: Path) -> list[str]:
    if not _is_parquet(path):
        names = delimited.header(path)
        return names if names[:1] != [COLUMN.format(1)] else [path.stem]
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return ["train_loss"] if path.suffix.lower() in PARQUET else []  # listed, so that reading it says what is wrong


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in PARQUET or look.head(path).startswith(MAGIC)


def _name(path: Path) -> str:
    return path.absolute().parent.name if path.stem.lower() in GENERIC else path.stem


def _list(columns: list[str]) -> str:
    return ", ".join(columns[:6]) + (" …" if len(columns) > 6 else "")
