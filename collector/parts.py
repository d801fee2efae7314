"""Sealed parts of a run folder: immutable Parquet files, named after the rows of the attempt that they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from collector import durable, schema
from collector.tail import Rows


@dataclass(frozen=True)
class Part:
    """A sealed part by its name: rows ``first`` … ``last`` (inclusive) of an attempt."""

    path: Path
    attempt: int
    first: int
    last: int

    @property
    def rows(self) -> int:
        """How many rows the name promises."""
        return self.last - self.first + 1


def write(folder: Path, kind: str, name: str, table: pa.Table) -> None:
    """Put ``table`` at ``folder/kind/name``; it appears whole or not at all, and survives a power cut once there.

    Raises:
        OSError: the disk refuses.
    """
    import pyarrow.parquet as pq  # late: 30 ms that a run pays in the background

    make_room(folder, kind)
    durable.write(folder / kind / name, folder, lambda file: pq.write_table(table, file, compression="zstd"))


def make_room(folder: Path, kind: str) -> None:
    """The folder for parts of a kind, which survives a power cut too.

    Raises:
        OSError: the disk refuses.
    """
    if not (folder / kind).is_dir():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        durable.sync_folder(folder)


def seal(folder: Path, attempt: int, blocks: Sequence[Rows]) -> None:
    """Write rows of an attempt as scalars parts: one for each unbroken range of their numbers, which ascend.

    Raises:
        OSError: the disk refuses.
    """
    numbers = np.concatenate([block.numbers for block in blocks]) if blocks else np.empty(0, np.int64)
    if not len(numbers):
        return
    table = pa.concat_tables([block.table for block in blocks], promote_options="default")
    ends = [*(np.flatnonzero(np.diff(numbers) != 1) + 1), len(numbers)]
    for start, end in zip([0, *ends], ends, strict=False):
        name = schema.part_name(attempt, int(numbers[start]), int(numbers[end - 1]))
        write(folder, schema.SCALARS, name, table.slice(start, end - start))


def of_folder(folder: Path, kind: str) -> list[Part]:
    """All parts by attempt and first row, the longest first where two begin alike."""
    found = []
    paths = (folder / kind).iterdir() if (folder / kind).is_dir() else ()
    for path in paths:
        if match := schema.PART_NAME.match(path.name):
            found.append(Part(path, int(match["attempt"]), int(match["first"]), int(match["last"])))
    return sorted(found, key=lambda part: (part.attempt, part.first, -part.last))


def of_attempt(folder: Path, kind: str, attempt: int) -> list[Part]:
    """The parts of one attempt, in the same order."""
    return [part for part in of_folder(folder, kind) if part.attempt == attempt]
