"""The columns of a long text table of numbers: parsed part by part in threads, each part put into its place as it comes.

Nothing stands beside the result but the parts in work: for a file that is read once, new memory costs as much as parsing does.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice, pairwise
from math import ceil
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from diagnostics.curve import Numbers

BLOCK = 1 << 20  # bytes that Arrow parses at a time, and a part has at least: what it keeps of them stays in the cache
PART = 2 * BLOCK  # bytes that a thread is given at the most; longer parts take more memory
LONGEST = 1 << 16  # bytes of a line: numbers alone need no more
ROOM = 1.1  # times the rows that the first part lets expect; what is not filled is never touched

Parse = Callable[[pa.NativeFile], pa.Table]


def read(path: Path, start: int, parse: Parse) -> pa.Table:
    """All columns in one piece, int64 or float64, null where a cell is empty; ``parse`` turns whole lines into such numbers.

    ``start`` is the byte at which the first row begins.

    Raises:
        ArrowInvalid: a cell is no number, a line has too few or too many, or lines do not end in a line feed.
    """
    threads = pa.cpu_count()
    with pa.OSFile(str(path)) as file, ThreadPoolExecutor(threads) as pool:
        cuts = _cuts(file, start, threads)
        parts = (pool.submit(_parsed, file, a, b - a, parse) for a, b in pairwise(cuts))
        return _joined(_in_order(parts, threads + 1), cuts[-1] - start)


def _cuts(file: pa.NativeFile, start: int, threads: int) -> list[int]:
    """Where parts begin and end, at the ends of lines: about equally long, and as many for each of the threads."""
    size = file.size() - start
    parts = min(threads * ceil(size / PART / threads), max(1, size // BLOCK))
    inner = [_line_end(file, start + size * n // parts) for n in range(1, parts)]
    return sorted({start, *inner, start + size})


def _line_end(file: pa.NativeFile, at: int) -> int:
    """The first end of a line behind the byte ``at``."""
    found: int = file.read_at(LONGEST, at).find(b"\n")
    if found < 0:
        raise pa.ArrowInvalid(f"a line is longer than {LONGEST:,} bytes")
    return at + found + 1


@dataclass(frozen=True)
class _Part:
    """What one part holds, and how many bytes it has."""

    table: pa.Table
    size: int


def _parsed(file: pa.NativeFile, at: int, size: int, parse: Parse) -> _Part:
    return _Part(parse(file.get_stream(at, size)), size)


def _in_order(parts: Iterator[Future[_Part]], ahead: int) -> Iterator[_Part]:
    """The parts as they come, ``ahead`` of them in work."""
    waiting = deque(islice(parts, ahead))
    while waiting:
        found = waiting.popleft().result()
        waiting.extend(islice(parts, 1))
        yield found


@dataclass
class _Column:
    values: Numbers
    absent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def put(self, at: int, data: pa.ChunkedArray) -> None:
        for chunk in data.chunks:
            there, here = slice(at, at + len(chunk)), slice(chunk.offset, chunk.offset + len(chunk))
            bits, values = chunk.buffers()
            if chunk.null_count:
                self.absent.resize(self.values.size, refcheck=False)
                self.absent[there] = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[here] == 0
            self.values[there] = np.frombuffer(values, self.values.dtype)[here]
            at += len(chunk)

    def grow(self, rows: int) -> None:
        if rows > self.values.size:
            self.values = np.concatenate([self.values, np.empty(rows, self.values.dtype)])

    def array(self, rows: int) -> pa.Array:
        values = self.values[:rows]
        if self.absent.size:
            self.absent.resize(self.values.size, refcheck=False)
            return pa.array(values, mask=self.absent[:rows])
        return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), rows, [None, pa.py_buffer(values)])


def _joined(parts: Iterator[_Part], size: int) -> pa.Table:
    first = next(parts)
    room = int(ROOM * first.table.num_rows * size / first.size) + 1
    space = np.empty((first.table.num_columns, room))  # in one piece: the system gives it in larger pages
    columns = [_Column(row.view(c.type.to_pandas_dtype())) for row, c in zip(space, first.table.columns, strict=True)]
    rows = 0
    for part in chain([first], parts):
        for column, data in zip(columns, part.table.columns, strict=True):
            column.grow(rows + len(data))
            column.put(rows, data)
        rows += part.table.num_rows
    return pa.table([column.array(rows) for column in columns], names=first.table.column_names)
