"""The rows of a run folder by attempt, each row once, while a writer seals and merges them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from collector import schema, tail

TRIES = 4  # a live writer merges parts once a minute at most; a second look nearly always meets a still folder


@dataclass(frozen=True)
class Attempt:
    """The rows of one attempt in the order they were logged."""

    number: int
    table: pa.Table

    @property
    def steps(self) -> NDArray[np.int64]:
        """int64 [n]."""
        steps: NDArray[np.int64] = self.table[schema.STEP].to_numpy()
        return steps


@dataclass(frozen=True)
class Part:
    """A sealed part by its name: rows ``first`` … ``last`` (inclusive) of an attempt."""

    path: Path
    attempt: int
    first: int
    last: int


@dataclass
class Blocks:
    """Rows of one attempt as they were met: numbers and tables, those to prefer first."""

    numbers: list[NDArray[np.int64]] = field(default_factory=list)
    tables: list[pa.Table] = field(default_factory=list)

    def add(self, numbers: NDArray[np.int64], table: pa.Table) -> None:
        """Further rows, less preferred than those before."""
        if len(numbers):
            self.numbers.append(numbers)
            self.tables.append(table)

    def once(self) -> tuple[NDArray[np.int64], pa.Table]:
        """(numbers sorted, rows): every number once, from the first block that has it."""
        numbers = np.concatenate(self.numbers)
        table = pa.concat_tables(self.tables, promote_options="default")
        if (np.diff(numbers) > 0).all():
            return numbers, table
        unique, first = np.unique(numbers, return_index=True)
        return unique, table.take(pa.array(first))


Usable = Callable[[pa.Table], pa.Table]
Known = dict[str, pa.Table]  # parts by name: they hold the same rows for ever, so a second look reads only new ones


def scalar_rows(folder: Path, notes: list[str]) -> list[Attempt]:
    """The logged rows by attempt, oldest first, attempts without a row left out; damage is added to ``notes``."""
    known: Known = {}
    for _ in range(TRIES):
        remarks: list[str] = []
        unsealed = tails(folder, remarks)
        found, vanished = _parts(folder / schema.SCALARS, _scalars, remarks, known)
        for number, blocks in unsealed.items():
            for numbers, table in zip(blocks.numbers, blocks.tables, strict=True):
                found.setdefault(number, Blocks()).add(numbers, table)
        attempts, gaps = _joined(found, schema.SCALARS)
        if not vanished and (not gaps or remarks):
            break
    notes += remarks + gaps
    return attempts


def named_parts(folder: Path) -> list[Part]:
    """The parts of our own in ``folder`` by first row, the longer first: a merged one holds the small ones it was made of."""
    found = sorted(_matching(folder, schema.PART_NAME), key=lambda part: _priority(part[1]))
    return [Part(path, int(match["attempt"]), int(match["first"]), int(match["last"])) for path, match in found]


def read_scalars(path: Path) -> pa.Table:
    """The rows of a part, as ``scalar_rows`` has them.

    Raises:
        OSError, ValueError, KeyError, pa.ArrowException: it cannot be read.
    """
    return _scalars(_read(path))


def layer_rows(folder: Path, notes: list[str]) -> list[Attempt]:
    """The layer table by attempt, oldest first."""
    known: Known = {}
    for _ in range(TRIES):
        remarks: list[str] = []
        found, vanished = _parts(folder / schema.LAYERS, _layers, remarks, known)
        attempts, gaps = _joined(found, schema.LAYERS)
        if not vanished and (not gaps or remarks):
            break
    notes += remarks + gaps
    return attempts


def _joined(found: dict[int, Blocks], kind: str) -> tuple[list[Attempt], list[str]]:
    attempts, gaps = [], []
    for number, blocks in sorted(found.items()):
        if not blocks.tables:
            continue
        numbers, table = blocks.once()
        attempts.append(Attempt(number, table))
        missing = int(numbers[-1]) + 1 - len(numbers)
        if missing:
            gaps.append(f"{kind} of attempt {number}: {missing:,} of {int(numbers[-1]) + 1:,} rows are missing")
    return attempts, gaps


def tails(folder: Path, notes: list[str]) -> dict[int, Blocks]:
    """The rows of the tails by attempt; damage is added to ``notes``."""
    found: dict[int, Blocks] = {}
    for path, match in _matching(folder, schema.TAIL_NAME):
        try:
            rows = tail.read(path)
        except FileNotFoundError:
            continue  # sealed since it was listed: the part is there
        except (OSError, ValueError) as error:
            notes.append(f"{path.name} cannot be read ({error}): the newest rows may be missing")
            continue
        if rows.lost:
            notes.append(f"{path.name}: {rows.lost:,} rows at the end did not reach the disk")
        found.setdefault(int(match["attempt"]), Blocks()).add(rows.numbers, rows.table)
    return found


def _parts(folder: Path, usable: Usable, notes: list[str], known: Known) -> tuple[dict[int, Blocks], bool]:
    """Blocks by attempt, and whether parts came or went meanwhile: a listing taken during a merge may miss both sides."""
    found: dict[int, Blocks] = {}
    vanished = False
    named = _matching(folder, schema.PART_NAME)
    for path, match in sorted(named, key=lambda part: _priority(part[1])):
        try:
            table = known[path.name] if path.name in known else usable(_read(path))
        except FileNotFoundError:
            vanished = True
            continue
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            notes.append(f"{folder.name}/{path.name} cannot be read ({_line(error)}): its rows are left out")
            continue
        known[path.name] = table
        numbers = int(match["first"]) + np.arange(table.num_rows, dtype=np.int64)
        found.setdefault(int(match["attempt"]), Blocks()).add(numbers, table)
    listed = {path.name for path, _ in named}
    _foreign(folder, listed, usable, found, notes)
    return found, vanished or listed != {path.name for path, _ in _matching(folder, schema.PART_NAME)}


def _priority(match: re.Match[str]) -> tuple[int, int]:
    """By first row, the longer part first: a merged part replaces the small ones it was made of."""
    return int(match["first"]), -int(match["last"])


def _foreign(folder: Path, ours: set[str], usable: Usable, found: dict[int, Blocks], notes: list[str]) -> None:
    """Parts that somebody else wrote, under other names, when there are none of ours: one attempt, in name order."""
    blocks, first = Blocks(), 0
    for path in [] if ours else sorted(folder.glob("[!._]*.parquet")):
        try:
            table = usable(_read(path))
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            notes.append(f"{folder.name}/{path.name} cannot be read ({_line(error)}): its rows are left out")
            continue
        blocks.add(first + np.arange(table.num_rows, dtype=np.int64), table)
        first += table.num_rows
    if blocks.tables:
        found[1] = blocks


def _matching(folder: Path, name: re.Pattern[str]) -> list[tuple[Path, re.Match[str]]]:
    if not folder.is_dir():
        return []
    return [(path, match) for path in folder.iterdir() if (match := name.match(path.name))]


def _read(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read()


def _scalars(table: pa.Table) -> pa.Table:
    """Index columns and float64 tags; an absent wall time is NaN, a column that is no number is left out.

    Raises:
        KeyError: there is no step.
    """
    wide = {schema.STEP: table[schema.STEP].cast(pa.int64())}
    wide[schema.WALL_TIME] = pa.chunked_array([pa.array(np.full(table.num_rows, np.nan))])
    for name in table.column_names:
        if name != schema.STEP and _number(table.schema.field(name).type):
            wide[name] = table[name].cast(pa.float64(), safe=False)
    return pa.table(wide)


def _number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind))


def _layers(table: pa.Table) -> pa.Table:
    return table.select(schema.LAYERS_SCHEMA.names).cast(schema.LAYERS_SCHEMA)


def _line(error: Any) -> str:
    return " ".join(str(error).split())
