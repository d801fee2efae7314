"""The columns of a long text table of numbers: parsed block by block in threads, each block straight into its place.

Nothing stands beside the result but the blocks in work: for a file that is read once, new memory costs as much as parsing does.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from diagnostics.curve import Floats

BLOCK = 1 << 21  # bytes parsed at a time: of 256 KiB to 8 MiB, some 2 MiB cost least
ROOM = 1.1  # times the rows that the first block lets expect; what is not filled is never touched

Parse = Callable[[pa.Buffer], pa.Table]


def read(path: Path, start: int, parse: Parse) -> pa.Table:
    """All columns as float64 in one piece, null where a cell is empty; ``parse`` turns whole lines into numbers.

    ``start`` is the byte at which the first row begins.

    Raises:
        ArrowInvalid: a cell is no number, a line has too few or too many, or lines do not end in a line feed.
    """
    size = path.stat().st_size - start
    with path.open("rb", buffering=0) as file, ThreadPoolExecutor(pa.cpu_count()) as pool:
        file.seek(start)
        blocks = (pool.submit(_parsed, block, parse) for block in _blocks(file, start + size))
        return _joined(_in_order(blocks, pa.cpu_count() + 1), size)


def _blocks(file: BinaryIO, size: int) -> Iterator[pa.Buffer]:
    """``file`` from where it stands, cut behind line ends."""
    while block := file.read(BLOCK):
        end = len(block) if file.tell() >= size else block.rfind(b"\n") + 1
        if not end:
            raise pa.ArrowInvalid("a line is longer than a block")
        file.seek(end - len(block), 1)
        yield pa.py_buffer(block).slice(0, end)


@dataclass(frozen=True)
class _Block:
    """What one block holds, and how many bytes it has."""

    table: pa.Table
    size: int


def _parsed(block: pa.Buffer, parse: Parse) -> _Block:
    return _Block(parse(block), block.size)


def _in_order(blocks: Iterator[Future[_Block]], ahead: int) -> Iterator[_Block]:
    """The blocks as they come, ``ahead`` of them in work."""
    waiting: deque[Future[_Block]] = deque()
    for block in blocks:
        waiting.append(block)
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@dataclass
class _Column:
    values: Floats
    absent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def put(self, at: int, data: pa.ChunkedArray) -> None:
        for chunk in data.chunks:
            there = slice(at, at + len(chunk))
            self.values[there] = chunk.to_numpy(zero_copy_only=False)
            if chunk.null_count:
                self.absent.resize(self.values.size, refcheck=False)
                self.absent[there] = chunk.is_null().to_numpy(zero_copy_only=False)
            at += len(chunk)

    def grow(self, rows: int) -> None:
        if rows > self.values.size:
            self.values = np.concatenate([self.values, np.empty(rows, np.float64)])

    def array(self, rows: int) -> pa.Array:
        self.absent.resize(self.values.size if self.absent.size else 0, refcheck=False)
        return pa.array(self.values[:rows], mask=self.absent[:rows] if self.absent.size else None)


def _joined(blocks: Iterator[_Block], size: int) -> pa.Table:
    first = next(blocks)
    room = int(ROOM * first.table.num_rows * size / first.size) + 1
    columns, rows = [_Column(np.empty(room)) for _ in first.table.columns], 0
    for block in chain([first], blocks):
        for column, data in zip(columns, block.table.columns, strict=True):
            column.grow(rows + len(data))
            column.put(rows, data)
        rows += block.table.num_rows
    return pa.table([column.array(rows) for column in columns], names=first.table.column_names)
