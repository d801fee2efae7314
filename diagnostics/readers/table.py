"""Tables of any tool: CSV, TSV and Parquet with one row a step or an epoch, or one row a (tag, step).

Column names are understood as in ``names``; what nobody knows is kept under its own name. An empty cell is absent, ``nan`` and
``inf`` are values. A ``run`` column gives one run a value. Rows are put in the order of their steps; rows of equal steps keep
their order. Lost: text columns, each with a note.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collector import schema
from diagnostics.curve import Curve, Floats, Ints
from diagnostics.readers import delimited, names
from diagnostics.readers.columns import Column, numbers, seconds
from diagnostics.readers.errors import ReadError
from diagnostics.run import Run

PARQUET = b"PAR1"
PER_CENT = 1.5  # an accuracy above it can only be meant in per cent


@dataclass(frozen=True)
class Rows:
    """A table understood: rows in order, and what was remarked on the way."""

    steps: Ints
    epochs: Column | None
    times: Floats
    columns: dict[str, Column]  # by foreign name
    notes: tuple[str, ...]

    def take(self, rows: Ints) -> "Rows":
        """The rows at the positions ``rows``."""
        epochs = self.epochs.take(rows) if self.epochs else None
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return Rows(self.steps[rows], epochs, self.times[rows], columns, self.notes)


def claims(path: Path) -> bool:
    """Whether ``path`` is a Parquet file, or text whose header names something a training log holds."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(4) == PARQUET:
            return True
    return names.is_known(delimited.header(path))


def read(path: Path) -> list[Run]:
    """The runs of the table.

    Raises:
        ReadError: it cannot be parsed, or holds no column of numbers beside the index.
    """
    table, notes = _table(path)
    roles = names.index_of(table.column_names)
    if {names.TAG, names.VALUE} <= roles.keys():
        table, roles = _wide(path, table, roles)
    groups = _groups(table, roles.get(names.RUN))
    rows = _rows(path, table, roles, tuple(notes))
    return [_run(path, name or path.stem, _sorted(rows.take(chosen))) for name, chosen in groups]


def _table(path: Path) -> tuple[pa.Table, list[str]]:
    with path.open("rb") as file:
        if file.read(4) != PARQUET:
            return _text_table(path)
    try:
        table = pq.read_table(path, partitioning=None)
    except (pa.ArrowInvalid, OSError) as error:
        reason = " ".join(str(error).split())
        raise ReadError(path, f"the Parquet file is damaged or cut short ({reason}); copy it again") from error
    if table.num_rows == 0:
        raise ReadError(path, "the Parquet file has no rows; nothing was logged yet, or name another file")
    return table, []


def _text_table(path: Path) -> tuple[pa.Table, list[str]]:
    table, notes = delimited.read_text(path)
    again = delimited.is_header_again(table).to_numpy(zero_copy_only=False)
    return (table.filter(pa.array(~again)) if again.any() else table), notes


def _wide(path: Path, table: pa.Table, roles: dict[str, str]) -> tuple[pa.Table, dict[str, str]]:
    """A long table (tag, value) with one column a tag; rows stay rows."""
    tags, value = table[roles[names.TAG]].to_pandas().astype(str).to_numpy(), numbers(table[roles[names.VALUE]])
    if value is None:
        raise ReadError(path, f"column {roles[names.VALUE]!r} holds no numbers; it should hold the value of each tag")
    kept = [name for role, name in roles.items() if role not in (names.TAG, names.VALUE)]
    wide = table.select(kept)
    for tag in dict.fromkeys(tags):
        mask = ~((tags == tag) & value.present)
        wide = wide.append_column(str(tag), pa.array(value.values, mask=mask, from_pandas=False))
    return wide, {role: name for role, name in roles.items() if name in kept}


def _groups(table: pa.Table, run_column: str | None) -> Iterator[tuple[str, Ints]]:
    """Name and row positions of each run, in the order of their first rows."""
    if run_column is None:
        yield "", np.arange(table.num_rows)
        return
    codes, found = pd.factorize(table[run_column].to_pandas())
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(found) + 1))
    for name, first, last in zip(found, bounds[:-1], bounds[1:], strict=True):
        yield str(name), order[first:last]


def _rows(path: Path, table: pa.Table, roles: dict[str, str], notes: tuple[str, ...]) -> Rows:
    known = {name: numbers(table[name]) for name in table.column_names if name != roles.get(names.RUN)}
    times = seconds(table[roles[schema.WALL_TIME]]) if schema.WALL_TIME in roles else None
    index = [
        roles.get(schema.STEP),
        roles.get(schema.EPOCH),
        roles.get(schema.WALL_TIME) if times is not None else None,
    ]
    text = tuple(
        f"column {name!r} holds text and was left out" for name, c in known.items() if c is None and name not in index
    )
    columns = {name: column for name, column in known.items() if column is not None and name not in index}
    if not columns:
        raise ReadError(path, f"line 1: no column of numbers beside the index; {delimited.WAY_OUT}")
    step, epoch = known.get(roles.get(schema.STEP, "")), known.get(roles.get(schema.EPOCH, ""))
    steps, guessed = _steps(step, epoch, table.num_rows)
    remarks = (*notes, *guessed, *text, *_bad_cells(path, known))
    times = np.full(table.num_rows, np.nan) if times is None else times
    return Rows(steps, epoch, times, columns, remarks)


def _steps(step: Column | None, epoch: Column | None, count: int) -> tuple[Ints, tuple[str, ...]]:
    """The step of each row; −1 where a step column has none, and a note where the step had to be guessed."""
    if step is not None:
        return _whole(step), ()
    if epoch is not None and (epoch.values[epoch.present] == np.floor(epoch.values[epoch.present])).all():
        return _whole(epoch), ("no step column: the epoch is taken for the step",)
    return np.arange(count), ("no step column: rows are counted instead",)


def _whole(column: Column) -> Ints:
    usable = (
        column.present & np.isfinite(column.values) & (np.abs(column.values) < 2**53)
    )  # beyond it floats skip integers
    return np.where(usable, column.values, -1).astype(np.int64)


def _bad_cells(path: Path, known: dict[str, Column | None]) -> Iterator[str]:
    for name, column in known.items():
        if column is not None and column.bad:
            line = delimited.line_of_row(path, column.bad[0])
            others = f", nor are {len(column.bad) - 1} more of its cells" if column.bad[1:] else ""
            yield f"line {line}, column {name!r}: not a number, left out{others}"


def _sorted(rows: Rows) -> Rows:
    """Rows with a step, in the order of the steps."""
    lost = int((rows.steps < 0).sum())
    kept = np.flatnonzero(rows.steps >= 0)
    ordered = rows.take(kept[np.argsort(rows.steps[kept], kind="stable")])
    return replace(ordered, notes=(*rows.notes, f"{lost} rows have no step and were left out")) if lost else ordered


def _run(path: Path, name: str, rows: Rows) -> Run:
    taken, remarks = _tags(rows)
    curves = {tag: _curve(tag, rows, rows.columns[column], change) for tag, (column, change) in taken.items()}
    epochs = _curve(schema.EPOCH, rows, rows.epochs, _same) if rows.epochs is not None else None
    filled = {tag: curve for tag, curve in curves.items() if len(curve)}
    said = (f"read {'; '.join(remarks)}",) if remarks else ()
    return Run(name, filled, epochs=epochs, source=str(path), notes=(*rows.notes, *said))


Change = Callable[[Floats], Floats]


def _tags(rows: Rows) -> tuple[dict[str, tuple[str, Change]], list[str]]:
    """By tag, the column taken for it and how its values are read; and remarks on what was guessed."""
    filled = {name: column for name, column in rows.columns.items() if column.present.any()}
    taken: dict[str, tuple[str, Change]] = {}
    remarks: list[str] = []
    for tag, columns in names.candidates(list(filled)).items():
        change, guess = _reading(tag, columns[0], filled[columns[0]])
        taken[tag] = columns[0], change
        if columns[0] != tag:
            remarks.append(f"{columns[0]} as {tag}{guess}")
    used = {column for column, _ in taken.values()}
    return taken | {names.own_tag(name): (name, _same) for name in filled if name not in used}, remarks


def _reading(tag: str, name: str, column: Column) -> tuple[Change, str]:
    if tag not in (schema.TRAIN_ACCURACY, schema.VAL_ACCURACY):
        return _same, ""
    values = column.values[column.present & np.isfinite(column.values)]
    scale = 0.01 if values.size and values.max() > PER_CENT else 1.0
    said = ", in per cent" if scale != 1 else ""
    if names.is_error_rate(name):
        return lambda v: 1 - scale * v, f", as one minus the error{said}"
    return (lambda v: scale * v) if scale != 1 else _same, said


def _same(values: Floats) -> Floats:
    return values


def _curve(tag: str, rows: Rows, column: Column, change: Change) -> Curve:
    at = column.present
    return Curve(tag, rows.steps[at], change(column.values[at]), rows.times[at])
