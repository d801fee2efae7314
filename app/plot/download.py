"""The curves that are drawn as a CSV file: every point as it was logged, never what was thinned for the screen."""

import io
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyarrow import csv

from diagnostics import axis
from diagnostics.curve import Curve
from diagnostics.run import Run

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs what begins so
CHUNK = 100_000  # rows a piece: the download begins at once and a long run never lies in memory as text


def rows(run: Run, tags: Sequence[str]) -> Iterator[bytes]:
    """One row a point: tag, step, epoch, wall time, value, and whether a resume has superseded it."""
    pieces = [(curve, ghost) for tag in tags for curve, ghost in _both(run, tag)]
    for i, (curve, ghost) in enumerate(pieces):
        for at in range(0, len(curve), CHUNK):
            yield _text(_table(run, curve, ghost, slice(at, at + CHUNK)), header=i == at == 0)


def _both(run: Run, tag: str) -> list[tuple[Curve, bool]]:
    found = ((run.get(tag), False), (run.superseded.get(tag), True))
    return [(curve, ghost) for curve, ghost in found if curve is not None and len(curve)]


def _table(run: Run, curve: Curve, ghost: bool, part: slice) -> pa.Table:
    steps = curve.steps[part]
    return pa.table(
        {
            "tag": pa.repeat(_safe(curve.tag), steps.size),
            "step": steps,
            "epoch": _known(axis.at(run, steps, "epoch")),
            "wall_time": _known(np.ascontiguousarray(curve.wall_time[part])),
            "value": pa.array(curve.values[part]),
            "superseded": np.full(steps.size, ghost),
        }
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
