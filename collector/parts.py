"""Sealed parts: written atomically, merged when they are many, widened so that plain pandas reads them all."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from collector import schema

MERGED_ROWS = 500_000  # rows a merged part holds at most: tens of MB in memory while merging


@dataclass(frozen=True)
class Part:
    """A sealed part by its name: rows ``first`` … ``last`` (inclusive) of an attempt."""

    path: Path
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

    (folder / kind).mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{kind}-{name}.{os.getpid()}.tmp"  # outside the part folder, which pandas reads whole
    try:
        with temporary.open("wb") as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / kind / name)
    finally:
        temporary.unlink(missing_ok=True)


def of_attempt(folder: Path, kind: str, attempt: int) -> list[Part]:
    """The parts of an attempt by first row, the longest first where two begin alike."""
    found = []
    for path in (folder / kind).glob(f"a{attempt}-*.parquet"):
        if match := schema.PART_NAME.match(path.name):
            found.append(Part(path, int(match["first"]), int(match["last"])))
    return sorted(found, key=lambda part: (part.first, -part.last))


def merge(folder: Path, kind: str, attempt: int) -> None:
    """Make few parts of many: the merged part is written first, then the small ones are deleted.

    Raises:
        OSError, pa.ArrowException: a part cannot be read or written; what was there before is still there then.
    """
    parts, covered = [], -1
    for part in of_attempt(folder, kind, attempt):
        if part.last <= covered:
            part.path.unlink(missing_ok=True)  # a merged part holds its rows: the last merge was cut short
            continue
        covered = part.last
        parts.append(part)
    for group in _groups(parts):
        table = pa.concat_tables([_read(part.path) for part in group], promote_options="default")
        write(folder, kind, schema.part_name(attempt, group[0].first, group[-1].last), table)
        for part in group:
            part.path.unlink(missing_ok=True)


def _groups(parts: list[Part]) -> Iterator[list[Part]]:
    group: list[Part] = []
    for part in parts:
        follows = bool(group) and part.first == group[-1].last + 1
        if not follows or part.last - group[0].first + 1 > MERGED_ROWS:
            yield from [group] if len(group) > 1 else []
            group = []
        group.append(part)
    yield from [group] if len(group) > 1 else []


def widen(folder: Path) -> None:
    """Give every scalars part every tag as a column, so that ``pandas.read_parquet`` (first file's columns) loses none.

    Only null columns are added, in place and atomically: a resume that logs a new tag changes no value.

    Raises:
        OSError, pa.ArrowException: a part cannot be read or written.
    """
    import pyarrow.parquet as pq

    paths = sorted((folder / schema.SCALARS).glob("a*.parquet"))
    columns = {path: pq.read_schema(path).names for path in paths}
    tags = list(dict.fromkeys(name for names in columns.values() for name in names if name not in schema.INDEX))
    wide = schema.scalars_schema(tags)
    for path, names in columns.items():
        if set(names) != set(wide.names):
            empty = wide.empty_table()
            table = pa.concat_tables([empty, _read(path)], promote_options="default").select(wide.names)
            write(folder, schema.SCALARS, path.name, table)


def _read(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return file.read()
