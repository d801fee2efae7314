"""The layer table: samples collected in memory, written as parts every few seconds. Background thread only."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collector import parts, schema
from collector.sample import Norms
from collector.tail import arrow

PART_SECONDS = 5.0  # a killed process loses at most these samples, never a scalar
PART_ROWS = 50_000  # rows: about 2 MB in memory
MOST_ROWS = 500_000  # rows kept while the disk refuses: about 20 MB, then the oldest are let go


class Home(Protocol):
    """A run folder and our attempt in it."""

    @property
    def folder(self) -> Path:
        """Where ``layers/`` is."""

    def claim(self) -> int:
        """The attempt; raises OSError while the disk refuses."""


@dataclass(frozen=True)
class Block:
    """The n layers of one measured step: ``norms`` float64 [3, n] of weights, updates, gradients; ``graded`` bool [n] had a gradient."""

    step: int
    names: Sequence[str]
    norms: NDArray[np.float64]
    graded: NDArray[np.bool_]


class Layers:
    """Rows of ``schema.LAYERS_SCHEMA`` on their way to disk."""

    def __init__(self, place: Home) -> None:
        self._place = place
        self._blocks: list[Block] = []
        self._written = 0
        self._last = time.monotonic()  # s; when a part was last tried
        self.waiting, self.lost = 0, 0  # rows in memory; rows let go

    @property
    def folder(self) -> Path:
        """Where the rows belong."""
        return self._place.folder

    def add(self, step: int, norms: Norms) -> None:
        """One measured step."""
        if not norms.names:
            return
        graded = np.array([grad is not None for grad in norms.grads], dtype=bool)
        grads = [0.0 if grad is None else grad for grad in norms.grads]
        figures = np.array([norms.weights, norms.updates, grads], dtype=np.float64)
        self._blocks.append(Block(step, norms.names, figures, graded))
        self.waiting += len(norms.names)
        while self.waiting > MOST_ROWS:
            gone = len(self._blocks.pop(0).names)
            self.waiting -= gone
            self.lost += gone

    def flush(self, everything: bool = False) -> None:
        """Write what has gathered when it is time to.

        Raises:
            OSError: the disk refuses; the rows are kept for the next call.
        """
        waited = time.monotonic() - self._last
        if not self.waiting or not (everything or waited > PART_SECONDS or self.waiting >= PART_ROWS):
            return
        self._last = time.monotonic()
        self.save(self._place)

    def save(self, place: Home) -> None:
        """Write all there is as a part into ``place``.

        Raises:
            OSError: the disk refuses; nothing has changed.
        """
        last = self._written + self.waiting - 1
        name = schema.part_name(place.claim(), self._written, last)
        parts.write(place.folder, schema.LAYERS, name, _table(self._blocks))
        self._written, self._blocks, self.waiting = last + 1, [], 0


def _table(blocks: Sequence[Block]) -> pa.Table:
    weights, updates, grads = np.concatenate([block.norms for block in blocks], axis=1)
    sound = weights != 0  # else the ratio has no meaning
    with np.errstate(all="ignore"):  # infinite over infinite is NaN, and that is true: no training need be warned of it
        ratios = np.divide(updates, weights, out=np.zeros_like(weights), where=sound)
    steps = np.repeat([block.step for block in blocks], [len(block.names) for block in blocks])
    columns = [
        arrow(steps.astype(np.int64)),
        _strings([name for block in blocks for name in block.names]),
        arrow(weights),
        arrow(updates),
        arrow(ratios, sound),
        arrow(grads, np.concatenate([block.graded for block in blocks])),
    ]
    return pa.Table.from_arrays(columns, schema=schema.LAYERS_SCHEMA)


def _strings(texts: Sequence[str]) -> pa.Array:
    """From buffers for the reason given at ``tail.arrow``."""
    raw = [text.encode("utf-8", "backslashreplace") for text in texts]
    ends: NDArray[np.int32] = np.cumsum([0, *map(len, raw)], dtype=np.int32)
    data = b"".join(raw)
    return pa.Array.from_buffers(pa.string(), len(raw), [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(data)])
