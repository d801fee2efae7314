"""The writing side of a tail: rows go into a mapped file, so that they survive the process from that instant on."""

import contextlib
import json
import mmap
import os
import struct
import weakref
import zlib
from collections.abc import Sequence
from pathlib import Path

from collector import durable
from collector.tail import COUNT_AT, HEADER, MAGIC, VERSION, Rows, decode, read, record

MAX_BYTES = 1 << 20  # of records: a few thousand rows, allocated in well under a millisecond
MAX_ROWS, MIN_ROWS = 8192, 64  # records: more would make sealing one part slow, fewer would make too many parts
MOST_PLACES = 1_000  # kinds of rows whose layout is remembered

Places = tuple[bytes, bytes, list[int] | None]


class Tail:
    """Appends rows to ``path``, or to memory when ``path`` is None because the disk refuses.

    It has room for ``room`` rows, or as many as a tail may hold. Whoever truncates the file kills this process with the next
    row (SIGBUS), so only ``append`` and ``fill`` touch the mapping, and ``check`` is called often.

    Raises:
        OSError: the file exists already (another process owns it) or has no room; nothing is left behind then.
    """

    def __init__(self, path: Path | None, first: int, tags: Sequence[str], room: int = MAX_ROWS) -> None:
        self.path, self.first, self.tags = path, first, tuple(tags)
        self._record, self._mask_bytes = record(len(tags))
        self._size, self._pack_into = self._record.size, self._record.pack_into
        self.capacity = max(MIN_ROWS, min(room, MAX_ROWS, MAX_BYTES // self._size))
        self.columns = {tag: (i, 2 << i) for i, tag in enumerate(tags)}
        self._mark = first + 1  # of the first record
        self._places: dict[tuple[str, ...], Places] = {}
        self._last: Places = b"", b"", None
        self._last_tags: tuple[str, ...] | None = None  # mostly the very object that came last time
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
        if tags is not self._last_tags:
            self._last, self._last_tags = self._places.get(tags) or self._place(tags), tags
        mask, mask_with_epoch, order = self._last
        if order is not None:
            cells = self._blank[:]
            for column, value in zip(order, values, strict=True):
                cells[column] = value
            values = cells
        if epoch is None:
            epoch = 0.0
        else:
            mask = mask_with_epoch
        index = self.count
        at = self._start + index * self._size
        self._pack_into(self._buffer, at, self._mark + index, mask, step, epoch, wall_time, *values)
        self.count = self._published[0] = index + 1
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
