"""Curves as a CSV or Parquet file: every point as it was logged, never what was thinned for the screen."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from diagnostics import axis
from diagnostics.curve import Curve
from diagnostics.run import Run

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs what begins so
SCHEMA = pa.schema(
    [
        ("tag", pa.string()),
        ("step", pa.int64()),
        ("epoch", pa.float64()),
        ("wall_time", pa.float64()),
        ("value", pa.float64()),
        ("superseded", pa.bool_()),
    ]
)
CHUNK = 100_000  # rows a piece: the download begins at once and a long run never lies in memory as text


def rows(run: Run, tags: Sequence[str]) -> Iterator[bytes]:
    """One row a point: tag, step, epoch, wall time, value, and whether a resume has superseded it."""
    for i, table in enumerate(_tables(run, tags, text=True)):
        yield _text(table, header=i == 0)


def parquet(run: Run, tags: Sequence[str]) -> Iterator[bytes]:
    """The same rows as Parquet."""
    sink = Sink()
    with pq.ParquetWriter(sink, SCHEMA) as writer:
        for table in _tables(run, tags, text=False):
            writer.write_table(table)
            yield sink.taken()
    yield sink.taken()


class Sink(io.RawIOBase):
    """A file that is handed on as it is written, and never held whole."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        """As a file says it."""
        return True

    def tell(self) -> int:
        """Bytes written so far."""
        return self._at

    def write(self, piece: Any) -> int:
        """Take ``piece``."""
        self._pieces.append(bytes(piece))
        self._at += len(self._pieces[-1])
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _tables(run: Run, tags: Sequence[str], *, text: bool) -> Iterator[pa.Table]:
    """The points of ``tags``, ``CHUNK`` rows at a time; as ``text`` no name begins as a formula."""
    pieces = [(curve, ghost) for tag in tags for curve, ghost in _both(run, tag)]
    for curve, ghost in pieces:
        for at in range(0, len(curve), CHUNK):
            name = _safe(curve.tag) if text else curve.tag
            yield _table(run, curve, name, ghost, slice(at, at + CHUNK))


def _both(run: Run, tag: str) -> list[tuple[Curve, bool]]:
    found = ((run.get(tag), False), (run.superseded.get(tag), True))
    return [(curve, ghost) for curve, ghost in found if curve is not None and len(curve)]


def _table(run: Run, curve: Curve, name: str, ghost: bool, part: slice) -> pa.Table:
    steps = curve.steps[part]
    return pa.table(
        {
            "tag": pa.repeat(name, steps.size),
            "step": steps,
            "epoch": _known(axis.at(run, steps, "epoch")),
            "wall_time": _known(np.ascontiguousarray(curve.wall_time[part])),
            "value": pa.array(curve.values[part]),
            "superseded": np.full(steps.size, ghost),
        },
        schema=SCHEMA,
    )


def _known(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> pa.Array:
    """Epoch and time are empty where nobody knows them; only a value can be NaN."""
    return pa.array(values, from_pandas=True)


def _text(table: pa.Table, *, header: bool) -> bytes:
    out = io.BytesIO()
    csv.write_csv(table, out, csv.WriteOptions(include_header=header))
    return out.getvalue()


def _safe(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULA) else name
