"""Layout of a tail: the rows of a run that are not yet sealed into Parquet, in a memory-mapped file.

A row is in the operating system's hands as soon as it is appended, so a killed process loses none. The file is a header
and fixed-size records, all numbers in the machine's byte order (a foreign one shows as an unknown version)::

    header   magic 8s · version u32 · header size u32 · first row u64 · capacity u64 · count u64 · tags size u32 ·
             CRC-32 of the tags u32 · tags as a JSON list · zeros up to the header size
    record   mark u64 · presence bits · step i64 · epoch f64 · wall time f64 · one f64 a tag

*Absent is not NaN*: bit 0 of the presence bits is the epoch's, bit k + 1 that of tag k. ``count`` is stored after a row's
bytes with one aligned 8-byte write, so a reader never sees half a row. ``mark`` is the row number plus one: after a power
cut the count may have reached the disk and the row may not, and then the mark is zero.
"""

import contextlib
import json
import mmap
import os
import struct
import weakref
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collector import durable, schema

MAGIC = b"CWTAIL\r\n"  # the line end shows a file that was mangled by a text-mode copy
VERSION = 1
HEADER = struct.Struct("@8sIIQQQII")
COUNT_AT = 32  # bytes; a multiple of 8, so the store is one aligned write
MAX_BYTES = 1 << 20  # of records: a few thousand rows, allocated in well under a millisecond
MAX_ROWS, MIN_ROWS = 8192, 64  # records: more would make sealing one part slow, fewer would make too many parts
PAGE = 4096  # bytes that a power cut takes or leaves together
MOST_PLACES = 1_000  # kinds of rows whose layout is remembered


Places = tuple[bytes, bytes, list[int] | None]


class Damaged(ValueError):
    """A tail whose header is not understood."""


@dataclass(frozen=True)
class Rows:
    """Rows as read from a tail: ``numbers`` int64 [n] within the attempt, ``table`` n rows of ``schema.scalars_schema``.

    ``lost`` counts the rows that were published and did not reach the disk.
    """

    numbers: NDArray[np.int64]
    table: pa.Table
    lost: int = 0


def _record(tags: int) -> tuple[struct.Struct, int]:
    mask_bytes = (tags + 1 + 63) // 64 * 8  # whole 8-byte words keep the doubles aligned
    return struct.Struct(f"@Q{mask_bytes}sqdd{tags}d"), mask_bytes


class Tail:
    """The writing side: appends rows to ``path``, or to memory when ``path`` is None because the disk refuses.

    It has room for ``room`` rows, or as many as a tail may hold. Whoever truncates the file kills this process with the next
    row (SIGBUS), so only ``append`` and ``fill`` touch the mapping, and ``check`` is called often.

    Raises:
        OSError: the file exists already (another process owns it) or has no room; nothing is left behind then.
    """

    def __init__(self, path: Path | None, first: int, tags: Sequence[str], room: int = MAX_ROWS) -> None:
        self.path, self.first, self.tags = path, first, tuple(tags)
        self._record, self._mask_bytes = _record(len(tags))
        self._size, self._pack_into = self._record.size, self._record.pack_into
        self.capacity = max(MIN_ROWS, min(room, MAX_ROWS, MAX_BYTES // self._size))
        self.columns = {tag: (i, 2 << i) for i, tag in enumerate(tags)}
        self._places: dict[tuple[str, ...], Places] = {}
        self._blank = [float("nan")] * len(tags)
        self.count, self._synced = 0, 0
        names = json.dumps(list(tags)).encode()
        self._start = (HEADER.size + len(names) + 63) // 64 * 64
        self.length = self._start + self.capacity * self._size  # bytes
        self._handle: int | None = None  # of the open file
        self._buffer: mmap.mmap | bytearray
        if path is None:
            self._buffer = bytearray(self.length)
        else:
            self._handle, self._buffer = _allocate(path, self.length)
            self._stat = os.fstat(self._handle)
            self._forget = weakref.finalize(self, os.close, self._handle)
            self._forget.atexit = False
        crc = zlib.crc32(names)
        header = HEADER.pack(MAGIC, VERSION, self._start, first, self.capacity, 0, len(names), crc) + names
        self._buffer[len(MAGIC) : len(header)] = header[len(MAGIC) :]
        self._buffer[: len(MAGIC)] = MAGIC  # last: without it a reader knows that the tail is not yet begun
        self._published = memoryview(self._buffer)[COUNT_AT : COUNT_AT + 8].cast("Q")

    @property
    def full(self) -> bool:
        """Whether no further row fits."""
        return self.count >= self.capacity

    def append(
        self, step: int, epoch: float | None, wall_time: float, tags: tuple[str, ...], values: Sequence[float]
    ) -> int:
        """Add a row with one value for each of ``tags`` and publish it; returns its index in this tail.

        Raises:
            KeyError: a tag that this tail has no column for; nothing is written then.
            struct.error: the step does not fit into 64 bits; nothing is written then.
        """
        mask, mask_with_epoch, order = self._places.get(tags) or self._place(tags)
        if order is not None:
            cells = self._blank[:]
            for column, value in zip(order, values, strict=True):
                cells[column] = value
            values = cells
        index = self.count
        number = index + 1
        if epoch is None:
            epoch = 0.0
        else:
            mask = mask_with_epoch
        at = self._start + index * self._size
        self._pack_into(self._buffer, at, self.first + number, mask, step, epoch, wall_time, *values)
        self.count = self._published[0] = number
        return index

    def _place(self, tags: tuple[str, ...]) -> "Places":
        """Where the values of ``tags`` go: presence bits without and with an epoch, columns (None: as they come)."""
        columns = [self.columns[tag] for tag in tags]
        present = sum(bit for _, bit in columns)
        without, with_epoch = (n.to_bytes(self._mask_bytes, "little") for n in (present, present | 1))
        places = without, with_epoch, None if tags == self.tags else [column for column, _ in columns]
        if len(self._places) >= MOST_PLACES:
            self._places.clear()
        self._places[tags] = places
        return places

    def fill(self, index: int, tag: str, value: float) -> None:
        """Put a value that arrived later (from an accelerator) into an absent cell of a published row."""
        column, bit = self.columns[tag]
        record = self._start + index * self._size
        mask_at = record + 8
        struct.pack_into("@d", self._buffer, mask_at + self._mask_bytes + 24 + 8 * column, value)
        byte, shift = divmod(bit.bit_length() - 1, 8)
        self._buffer[mask_at + byte] |= 1 << shift

    def rows(self) -> Rows:
        """Everything appended so far; from the file rather than the mapping, which may be cut off under us.

        Raises:
            OSError: the disk refuses.
            Damaged: see ``read``.
        """
        used = self._start + self.count * self._size
        if self.path is None:
            return decode(bytes(self._buffer[:used]))
        if self._handle is None:
            return read(self.path)
        return decode(_read(self._handle, used))

    def sync(self) -> None:
        """Make the rows so far survive a power cut; other threads run on meanwhile.

        Raises:
            OSError: the disk refuses.
        """
        count = self.count
        if self._handle is not None and count != self._synced:
            durable.sync_data(self._handle)
            self._synced = count

    def check(self) -> None:
        """See that the file is still there and whole: a store into what was cut off would kill the process.

        Raises:
            OSError: it must not be mapped any longer.
        """
        if self._handle is not None:
            about = os.fstat(self._handle)
            if about.st_nlink == 0 or about.st_size < self.length:
                raise FileNotFoundError("the tail was deleted or cut off")

    def touch(self) -> None:
        """Make the operating system tell watchers that the file was modified, by writing one byte over itself.

        Raises:
            OSError: the disk refuses.
        """
        if self._handle is not None:
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, MAGIC[:1])

    def close(self) -> None:
        """Let go of memory and file; the file stays, and its rows can still be read."""
        if self._buffer:
            self._published.release()
        if isinstance(self._buffer, mmap.mmap):
            self._buffer.close()
        self._buffer = bytearray()
        if self._handle is not None:
            self._handle = None
            self._forget()

    def delete(self) -> None:
        """Let go of the memory and delete the file: its rows are sealed."""
        self.close()
        if self.path is None:
            return
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(self._stat, self.path.stat()):  # not that of somebody who put a folder in our place
                self.path.unlink()


def _allocate(path: Path, length: int) -> tuple[int, mmap.mmap]:
    """A new file of ``length`` bytes, mapped. Its blocks are reserved: a full disk must be an error here, not a SIGBUS."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, length)
        else:
            os.write(handle, bytes(length))
        return handle, mmap.mmap(handle, length)
    except BaseException:  # Ctrl-C, too
        os.close(handle)
        path.unlink(missing_ok=True)
        raise


def _read(handle: int, size: int) -> bytes:
    """The first ``size`` bytes of an open file, or fewer when it is shorter."""
    os.lseek(handle, 0, os.SEEK_SET)
    blocks = []
    while size > 0 and (block := os.read(handle, size)):
        blocks.append(block)
        size -= len(block)
    return b"".join(blocks)


def read(path: Path) -> Rows:
    """The rows of the tail at ``path``, while it is written or after its writer was killed.

    Raises:
        Damaged: the header is not that of a tail, or of a newer version.
        OSError: the file cannot be read.
    """
    return decode(path.read_bytes())


def decode(data: bytes) -> Rows:
    """The rows in the bytes of a tail; whole records only, however the file was cut.

    Raises:
        Damaged: see ``read``.
    """
    if not any(data[: len(MAGIC)]) and not any(data[PAGE:]):
        return Rows(np.empty(0, np.int64), schema.scalars_schema([]).empty_table())  # not yet begun
    start, first, count, tags = _header(data)
    record, mask_bytes = _record(len(tags))
    layout = np.dtype(
        [
            ("mark", "u8"),
            ("mask", "u1", (mask_bytes,)),
            ("step", "i8"),
            ("epoch", "f8"),
            ("wall_time", "f8"),
            ("values", "f8", (len(tags),)),
        ]
    )
    whole = max(0, min(count, (len(data) - start) // record.size))
    records = np.frombuffer(data, layout, count=whole, offset=start) if whole else np.empty(0, layout)
    numbers = np.arange(first, first + whole, dtype=np.int64)
    written = records["mark"] == (numbers + 1).astype(np.uint64)
    records, numbers = records[written], numbers[written]
    return Rows(numbers, _table(records, tags), lost=count - len(numbers))


def _header(data: bytes) -> tuple[int, int, int, list[str]]:
    if len(data) < HEADER.size:
        raise Damaged("shorter than the header of a tail")
    magic, version, start, first, _, count, size, crc = HEADER.unpack_from(data)
    names = data[HEADER.size : HEADER.size + size]
    if magic != MAGIC or version != VERSION:
        raise Damaged("not a tail of this version")
    if zlib.crc32(names) != crc:
        raise Damaged("the list of tags in the header is damaged")
    return start, first, count, json.loads(names)


def _table(records: NDArray[np.void], tags: list[str]) -> pa.Table:
    present = np.unpackbits(records["mask"], axis=1, bitorder="little").astype(bool)
    arrays = [
        arrow(records["step"]),
        arrow(records["epoch"], present[:, 0]),
        arrow(records["wall_time"]),
        *(arrow(records["values"][:, i], present[:, i + 1]) for i in range(len(tags))),
    ]
    return pa.Table.from_arrays(arrays, schema=schema.scalars_schema(tags))


def arrow(values: NDArray[np.float64] | NDArray[np.int64], valid: NDArray[np.bool_] | None = None) -> pa.Array:
    """An Arrow array [n] of int64 or float64, null where ``valid`` is false; NaN stays NaN.

    Built from buffers because ``pa.array`` of a numpy array imports pandas (0.2 s inside the training process).
    """
    kind = pa.int64() if values.dtype.kind == "i" else pa.float64()
    bitmap = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little").tobytes())
    return pa.Array.from_buffers(kind, len(values), [bitmap, pa.py_buffer(np.ascontiguousarray(values).tobytes())])
