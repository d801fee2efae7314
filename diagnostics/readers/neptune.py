"""Neptune's runs as neptune-exporter saves them: Parquet, ``<run>_part_<n>.parquet``, one file or a project's folder.

Read are the series of numbers, single values as config, the run's name (``sys/name``) and whether it failed. Series of texts,
files and histograms are no curves: they are counted. Steps with fractions are kept in their order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collector.schema import CRASHED
from diagnostics.curve import Floats, Ints
from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats.readable import readable, texts
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Series

MAGIC = b"PAR1"
PARTS = "*_part_*.parquet"
RUN, NAME, TYPE, STEP, TIME = "run_id", "attribute_path", "attribute_type", "step", "timestamp"
NUMBERS = ("float_value", "int_value", "bool_value")
VALUES = (*NUMBERS, "string_value")
COLUMNS = (RUN, NAME, TYPE, STEP, TIME, *VALUES)
SERIES = "_series"  # ends the type of what was logged over steps
CURVES = ("float_series", "int_series", "bool_series")
RUN_NAME, FAILED = "sys/name", "sys/failed"
OWN = "sys/"  # Neptune's, in every run
DAMAGED = (pa.ArrowException, OSError, ValueError)


@dataclass
class _Found:
    """What the parts say of a run: its series' rows, and its single values."""

    source: str
    tables: list[pa.Table] = field(default_factory=list)
    single: dict[str, Any] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def log(self, run_id: str, limits: Limits, notes: list[str]) -> Log:
        """The run as a log."""
        kinds = ", ".join(f"{n:,} points of {kind}" for kind, n in sorted(self.left_out.items()))
        return Log(
            str(self.single.get(RUN_NAME) or run_id),
            self.source,
            tuple(_series(self.tables, Path(self.source), limits)),
            config={name: value for name, value in self.single.items() if not name.startswith(OWN)},
            state=CRASHED if self.single.get(FAILED) is True else None,
            notes=(*notes, *([f"left out, as no curves: {kinds}"] if kinds else [])),
        )


def claims(path: Path) -> bool:
    """Whether ``path`` is a file with the exporter's columns, or a folder of its parts; reads one file's footer."""
    if look.is_dir(path):
        first = next(iter(_parts(path)), None)
        return first is not None and claims(first)
    if path.suffix != ".parquet" or not look.is_file(path):
        return False
    try:
        return {RUN, NAME, TYPE, STEP} <= set(pq.read_schema(path).names)
    except DAMAGED:
        return path.match(PARTS) and any(claims(p) for p in path.parent.glob(PARTS) if p != path and _sound(p))


def read(path: Path, limits: Limits) -> list[Log]:
    """The runs, in the order of their files.

    Raises:
        ReadError: there is no series of numbers.
    """
    notes: list[str] = []
    runs: dict[str, _Found] = {}
    for file in _parts(path) if path.is_dir() else [path]:
        limits.open(file)
        for table in _tables(file, limits, notes):
            _take(table, file, runs)
    logs = [found.log(run_id, limits, notes) for run_id, found in runs.items()]
    if not any(log.series for log in logs):
        raise ReadError(
            path, "; ".join(["an export of Neptune without a series of numbers; export its metrics", *notes])
        )
    return [log for log in logs if log.series]


def _parts(folder: Path) -> list[Path]:
    """The exporter's files, parts in the order of their numbers."""

    def key(path: Path) -> tuple[str, int, str]:
        run, _, number = path.stem.rpartition("_part_")
        return run, int(number) if number.isdecimal() else 0, path.name

    return sorted((p for p in folder.glob(PARTS) if p.is_file()), key=key)


def _sound(path: Path) -> bool:
    try:
        return pq.read_metadata(path) is not None
    except DAMAGED:
        return False


def _tables(path: Path, limits: Limits, notes: list[str]) -> Iterator[pa.Table]:
    """The file, a group of rows at a time; a damaged one is left out and told."""
    try:
        file = pq.ParquetFile(path, read_dictionary=[RUN, NAME, TYPE])
    except DAMAGED as error:
        notes.append(f"{path.name}: damaged or half-written Parquet ({_line(error)}), left out")
        return
    columns = [name for name in COLUMNS if name in file.schema_arrow.names]
    for group in range(file.num_row_groups):
        limits.at(path, group / file.num_row_groups)
        try:
            yield _checked(readable(file.read_row_group(group, columns)))
        except DAMAGED as error:
            notes.append(
                f"{path.name}: rows {group + 1} of {file.num_row_groups} groups damaged ({_line(error)}), left out"
            )


def _checked(table: pa.Table) -> pa.Table:
    """``table``; a footer that was hit may call the bytes of numbers anything.

    Raises:
        ArrowTypeError: a column of numbers holds something else.
    """
    for name in {STEP, *NUMBERS} & set(table.column_names):
        kind = table[name].type
        if pa.types.is_temporal(kind) or not (
            pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind)
        ):
            raise pa.ArrowTypeError(f"column {name} holds {kind}, not numbers")
    return table


def _take(table: pa.Table, file: Path, runs: dict[str, _Found]) -> None:
    """Tell apart the runs of ``table``, mostly one."""
    for run_id in pc.unique(table[RUN]).to_pylist():
        if run_id is None:
            continue
        found = runs.setdefault(str(run_id), _Found(str(file)))
        own = table.filter(pc.equal(table[RUN], run_id))
        kinds = texts(own[TYPE])
        found.tables.append(own.filter(pc.is_in(kinds, pa.array(CURVES))))
        single = own.select([name for name in (NAME, *VALUES) if name in own.column_names])
        for row in single.filter(pc.invert(pc.ends_with(kinds, SERIES))).to_pylist():
            value = next((row[name] for name in VALUES if row.get(name) is not None), None)
            if value is not None:
                found.single[str(row[NAME])] = value
        others = pc.value_counts(
            kinds.filter(pc.and_(pc.ends_with(kinds, SERIES), pc.invert(pc.is_in(kinds, pa.array(CURVES)))))
        )
        found.left_out.update({str(kind["values"]): kind["counts"] for kind in others.to_pylist()})


def _series(tables: Iterable[pa.Table], path: Path, limits: Limits) -> Iterator[Series]:
    filled = [table for table in tables if table.num_rows]
    if not filled:
        return
    table = pa.concat_tables(filled, promote_options="permissive")
    value = pc.coalesce(
        *[pc.cast(table[name], pa.float64(), safe=False) for name in NUMBERS if name in table.column_names]
    )
    table, value = table.filter(pc.is_valid(value)), value.drop_null()
    encoded = texts(table[NAME]).combine_chunks().dictionary_encode()
    names, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)
    limits.names(path, len(names))
    values, steps, times = _floats(value), _floats(table[STEP]), _times(table)
    rank = _ranks(steps)
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(names) + 1))
    for name, (a, b) in zip(names, pairwise(ends), strict=True):
        at = order[a:b]
        time = times[at] if np.isfinite(times[at]).any() else None
        yield Series(str(name), values[at], steps[at], None, time, None if rank is None else rank[at])


def _ranks(steps: Floats) -> Ints | None:
    """The place of every step among all, where some have fractions: then it stands for the step; else None."""
    marks = np.unique(steps[np.isfinite(steps)])
    return np.searchsorted(marks, steps) if (marks != np.floor(marks)).any() else None


def _times(table: pa.Table) -> Floats:
    if TIME not in table.column_names or not pa.types.is_timestamp(table[TIME].type):
        return np.full(table.num_rows, np.nan)
    return (
        _floats(pc.cast(pc.cast(table[TIME], pa.timestamp("ms", tz=table[TIME].type.tz), safe=False), pa.int64()))
        / 1000
    )


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
