"""The columns of a long text table of numbers: parsed block by block in threads, each block straight into its place.

Nothing stands beside the result but the blocks in work: for a file that is read once, new memory costs as much as parsing does.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from io import SEEK_END, FileIO
from itertools import chain, islice
from pathlib import Path
from threading import Lock, local

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from diagnostics.curve import Numbers

BLOCK = 1 << 20  # bytes parsed at a time: of 256 KiB to 2 MiB, 1 MiB costs least
LONGEST = 1 << 16  # bytes of a line: numbers alone need no more
ROOM = 1.1  # times the rows that the first block lets expect; what is not filled is never touched

Parse = Callable[[pa.Buffer], pa.Table]


def read(path: Path, start: int, parse: Parse) -> pa.Table:
    """All columns in one piece, int64 or float64, null where a cell is empty; ``parse`` turns whole lines into such numbers.

    ``start`` is the byte at which the first row begins.

    Raises:
        ArrowInvalid: a cell is no number, a line has too few or too many, or lines do not end in a line feed.
    """
    threads = pa.cpu_count()
    with path.open("rb", buffering=0) as file, ThreadPoolExecutor(threads) as pool:
        lines = _Lines(file, start, file.seek(0, SEEK_END))
        blocks = (pool.submit(_parsed, lines, at, parse) for at in range(start, lines.end, BLOCK))
        return _joined(_in_order(blocks, threads + 1), lines.end - start)


@dataclass(frozen=True)
class _Lines:
    """The lines of an open file from byte ``start`` to ``end``; every thread reads into a buffer of its own, again and again."""

    file: FileIO
    start: int
    end: int
    own: local = field(default_factory=local)
    lock: Lock = field(default_factory=Lock)

    def beginning(self, at: int) -> pa.Buffer:
        """The lines that begin in the ``BLOCK`` bytes from ``at`` on; they stand until the thread asks again."""
        buffer = self._buffer()
        base = max(at - 1, self.start)
        with self.lock:
            self.file.seek(base)
            length = self.file.readinto(buffer)
        first = buffer.find(b"\n", 0, length) + 1 if base < at else 0
        last = buffer.find(b"\n", at + BLOCK - 1 - base, length) + 1 if at + BLOCK < self.end else length
        if (base < at and not first) or not last:
            raise pa.ArrowInvalid(f"a line is longer than {LONGEST:,} bytes")
        return pa.py_buffer(memoryview(buffer)[first:last])

    def _buffer(self) -> bytearray:
        if not hasattr(self.own, "buffer"):
            self.own.buffer = bytearray(1 + BLOCK + LONGEST)
        buffer: bytearray = self.own.buffer
        return buffer


@dataclass(frozen=True)
class _Block:
    """What one block holds, and how many bytes it has."""

    table: pa.Table
    size: int


def _parsed(lines: _Lines, at: int, parse: Parse) -> _Block | None:
    found = lines.beginning(at)
    return _Block(parse(found), found.size) if found.size else None


def _in_order(blocks: Iterator[Future[_Block | None]], ahead: int) -> Iterator[_Block]:
    """The blocks with lines as they come, ``ahead`` of them in work."""
    waiting = deque(islice(blocks, ahead))
    while waiting:
        found = waiting.popleft().result()
        waiting.extend(islice(blocks, 1))
        if found is not None:
            yield found


@dataclass
class _Column:
    values: Numbers
    absent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def put(self, at: int, data: pa.ChunkedArray) -> None:
        for chunk in data.chunks:
            there = slice(at, at + len(chunk))
            if chunk.null_count:
                self.absent.resize(self.values.size, refcheck=False)
                self.absent[there] = chunk.is_null().to_numpy(zero_copy_only=False)
                chunk = chunk.fill_null(0)
            self.values[there] = chunk.to_numpy()
            at += len(chunk)

    def grow(self, rows: int) -> None:
        if rows > self.values.size:
            self.values = np.concatenate([self.values, np.empty(rows, self.values.dtype)])

    def array(self, rows: int) -> pa.Array:
        self.absent.resize(self.values.size if self.absent.size else 0, refcheck=False)
        return pa.array(self.values[:rows], mask=self.absent[:rows] if self.absent.size else None)


def _joined(blocks: Iterator[_Block], size: int) -> pa.Table:
    first = next(blocks)
    room = int(ROOM * first.table.num_rows * size / first.size) + 1
    space = np.empty((first.table.num_columns, room))  # in one piece: the system gives it in larger pages
    columns = [_Column(row.view(c.type.to_pandas_dtype())) for row, c in zip(space, first.table.columns, strict=True)]
    rows = 0
    for block in chain([first], blocks):
        for column, data in zip(columns, block.table.columns, strict=True):
            column.grow(rows + len(data))
            column.put(rows, data)
        rows += block.table.num_rows
    return pa.table([column.array(rows) for column in columns], names=first.table.column_names)
