"""The layer table: samples collected in memory, written as parts every few seconds. Background thread only."""

import time
from collections.abc import Sequence
from itertools import chain

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collector import parts, schema
from collector.place import Place
from collector.ranks import Share
from collector.sample import Norms, ratio
from collector.tail import arrow

PART_SECONDS = 5.0  # a killed process loses at most these samples, never a scalar
PART_ROWS = 50_000  # rows: about 2 MB in memory
MOST_ROWS = 500_000  # rows kept while the disk refuses: about 20 MB, then the oldest are let go

Row = tuple[int, str, float, float, float | None, float | None]


class Layers:
    """Rows of ``schema.LAYERS_SCHEMA`` on their way to disk."""

    def __init__(self, place: Place | Share) -> None:
        self._place = place
        self._rows: list[Row] = []
        self._written = 0
        self._last = time.monotonic()  # s; when a part was last tried

    def add(self, step: int, norms: Norms) -> None:
        """One measured step."""
        columns = zip(norms.names, norms.weights, norms.updates, norms.grads, strict=True)
        self._rows += [(step, name, w, u, ratio(u, w), g) for name, w, u, g in columns]
        del self._rows[:-MOST_ROWS]

    def flush(self, everything: bool = False) -> None:
        """Write what has gathered when it is time to.

        Raises:
            OSError: the disk refuses; the rows are kept for the next call.
        """
        waited = time.monotonic() - self._last
        if not self._rows or not (everything or waited > PART_SECONDS or len(self._rows) >= PART_ROWS):
            return
        self._last = time.monotonic()
        last = self._written + len(self._rows) - 1
        name = schema.part_name(self._place.claim(), self._written, last)
        parts.write(self._place.folder, schema.LAYERS, name, _table(self._rows))
        self._written, self._rows = last + 1, []


def _table(rows: Sequence[Row]) -> pa.Table:
    steps, layers, *norms = zip(*rows, strict=True)
    columns = [arrow(np.array(steps, np.int64)), _strings(layers), *(_nullable(column) for column in norms)]
    return pa.Table.from_arrays(columns, schema=schema.LAYERS_SCHEMA)


def _nullable(column: Sequence[float | None]) -> pa.Array:
    valid = np.array([v is not None for v in column])
    return arrow(np.array([0.0 if v is None else v for v in column]), valid)


def _strings(texts: Sequence[str]) -> pa.Array:
    """From buffers for the reason given at ``tail.arrow``."""
    raw = [text.encode() for text in texts]
    ends: NDArray[np.int32] = np.cumsum([0, *map(len, raw)], dtype=np.int32)
    data = bytes(chain.from_iterable(raw))
    return pa.Array.from_buffers(pa.string(), len(raw), [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(data)])
