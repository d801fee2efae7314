"""Few parts out of many, so that a run of a week opens as quickly as one of an hour, at a bounded cost of rewriting.

Parts of about the same size are merged, ``FAN`` at a time, into one of the next size: a row is rewritten once a size, and
of each size there are fewer than ``FAN`` parts. What is merged appears before the small parts go, so a process that dies in
between leaves rows twice, which readers tell by their numbers, and the next look here tidies up.
"""

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from collector import durable, parts, schema
from collector.parts import Part

FAN = 16  # parts of a size: reading some sixty small files takes a few tens of ms
MANY = 4  # times as many, of whatever sizes: big and small ones by turns must not pile up
SIZES = (64, 1_024, 16_384, 262_144)  # rows; a part below a size counts to it
MERGED_ROWS = 524_288  # rows a merged part holds at most
MOST_CELLS = 4_000_000  # values in memory while merging: 32 MB


def compact(folder: Path, kind: str, attempt: int) -> None:
    """Merge wherever enough parts of a size follow each other, with the smaller ones among them.

    Raises:
        OSError, ValueError, pa.ArrowException: a part cannot be read or written; what was there before is there then.
    """
    _merge_all(folder, kind, attempt, list(zip((0, *SIZES), SIZES, strict=False)), FAN)


def settle(folder: Path, kind: str, attempt: int) -> None:
    """At the end of an attempt: leave no two parts side by side that would do as one.

    Raises:
        OSError, ValueError, pa.ArrowException: as above.
    """
    _merge_all(folder, kind, attempt, [(0, SIZES[-1])], 2)


def _merge_all(folder: Path, kind: str, attempt: int, sizes: Sequence[tuple[int, int]], fan: int) -> None:
    found = _once(parts.of_attempt(folder, kind, attempt))
    try:
        for low, size in sizes:
            for run in _runs(found, size):
                if sum(part.rows >= low for part in run) >= fan or len(run) >= MANY * fan:
                    merged = _merge(folder, kind, run)
                    found = [merged if part is run[0] else part for part in found if part not in run[1:]]
    except FileNotFoundError:
        return  # somebody else is merging the parts of an attempt that has ended


def _once(found: Sequence[Part]) -> list[Part]:
    """Without the parts that a merged one holds already, which are deleted: that merge was cut short."""
    kept: list[Part] = []
    for part in found:
        if kept and part.last <= kept[-1].last:
            part.path.unlink(missing_ok=True)
        else:
            kept.append(part)
    return kept


def _runs(found: Sequence[Part], size: int) -> Iterator[list[Part]]:
    """Parts below ``size`` rows, each beginning where the last one ends, of bounded rows together."""
    run: list[Part] = []
    for part in found:
        follows = bool(run) and part.first == run[-1].last + 1 and part.last - run[0].first < MERGED_ROWS
        if run and (part.rows >= size or not follows):
            yield from [run] if len(run) > 1 else []
            run = []
        if part.rows < size:
            run.append(part)
    if len(run) > 1:
        yield run


def _merge(folder: Path, kind: str, run: Sequence[Part]) -> Part:
    first, last = run[0], run[-1]
    path = folder / kind / schema.part_name(first.attempt, first.first, last.last)
    paths = [part.path for part in run]
    wide = _wide(paths)
    merged = Part(path, first.attempt, first.first, last.last)
    durable.write(path, folder, lambda file: _copy(paths, wide, file, merged.rows))
    for small in paths:
        small.unlink(missing_ok=True)
    return merged


def _wide(paths: Sequence[Path]) -> pa.Schema:
    import pyarrow.parquet as pq

    return pa.unify_schemas([pq.read_schema(path) for path in paths])


def _copy(paths: Sequence[Path], wide: pa.Schema, file: BinaryIO, rows: int) -> None:
    """Write the ``rows`` rows of ``paths`` with the columns of ``wide``, as many at a time as memory may hold."""
    import pyarrow.parquet as pq

    gathered: list[pa.Table] = []
    most = max(MOST_CELLS // len(wide), 1)
    with pq.ParquetWriter(file, wide, compression="zstd") as writer:
        for table in _tables(paths, most):
            rows -= table.num_rows
            if gathered and sum(t.num_rows for t in gathered) + table.num_rows > most:
                writer.write_table(_promoted(gathered, wide))
                gathered = []
            gathered.append(table)
        if rows:
            raise ValueError(f"{paths[0].name} and its followers hold other rows than their names say")
        if gathered:
            writer.write_table(_promoted(gathered, wide))


def _tables(paths: Sequence[Path], most: int) -> Iterator[pa.Table]:
    import pyarrow.parquet as pq

    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=most, use_threads=False):
                yield pa.Table.from_batches([batch])


def _promoted(tables: Sequence[pa.Table], wide: pa.Schema) -> pa.Table:
    joined = pa.concat_tables([wide.empty_table(), *tables], promote_options="default")
    return joined.select(wide.names).cast(wide)


def widen(folder: Path) -> None:
    """Give every scalars part every tag as a column, so that ``pandas.read_parquet`` (first file's columns) loses none.

    Only null columns are added, in place and atomically: a resume that logs a new tag changes no value.

    Raises:
        OSError, pa.ArrowException: a part cannot be read or written.
    """
    import pyarrow.parquet as pq

    columns = {}
    for part in parts.of_folder(folder, schema.SCALARS):
        with contextlib.suppress(FileNotFoundError):  # another process merges its own
            columns[part] = pq.read_schema(part.path).names
    tags = list(dict.fromkeys(name for names in columns.values() for name in names if name not in schema.INDEX))
    wide = schema.scalars_schema(tags)
    for part, names in columns.items():
        if set(names) != set(wide.names):
            with contextlib.suppress(FileNotFoundError):
                durable.write(part.path, folder, partial(_fill, part, wide))


def _fill(part: Part, wide: pa.Schema, file: BinaryIO) -> None:
    _copy([part.path], wide, file, part.rows)
