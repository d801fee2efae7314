"""TensorFlow's framing: u64 length, u32 checksum of the length, that many bytes, u32 checksum of them; all little-endian.

A file is read in windows, so that memory does not grow with it. Where a length is wrong, the reading goes on at the next place
whose length and checksum agree: chance alone makes such a place once in four billion.
"""

import os
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from diagnostics.readers.formats import crc32c
from diagnostics.readers.limits import Limits

HEADER, TRAILER = 12, 4  # bytes before and after what a record holds
WINDOW = 1 << 22  # bytes read at a time
LONGEST = 1 << 26  # bytes; a longer record holds media, no curves, and is passed over
SHORT = 1 << 11  # bytes; the own checksums of longer records, media most of them, are left to whoever uses them
BLOCK = 1 << 16  # places searched at a time


@dataclass
class Damage:
    """The first thing that was wrong in a file, and how many there were."""

    first: tuple[int, str] | None = None  # byte, what
    count: int = 0

    def add(self, byte: int, what: str) -> None:
        """Something at ``byte`` of the file."""
        self.count += 1
        self.first = min(self.first or (byte, what), (byte, what))

    def note(self, name: str) -> list[str]:
        """One line, or none."""
        if self.first is None:
            return []
        byte, what = self.first
        more = f"; {self.count - 1} more damaged {'place' if self.count == 2 else 'places'}" if self.count > 1 else ""
        return [f"{name}, byte {byte}: {what}{more}"]


@dataclass(frozen=True)
class Window:
    """Some of a file: ``data`` from byte ``offset`` on, with records at ``starts``…``ends`` (int64 [n], places in ``data``)."""

    data: bytes
    offset: int
    starts: crc32c.Places
    ends: crc32c.Places


def length_at(data: bytes, at: int = 0) -> int | None:
    """The length of the record whose header is at place ``at`` of ``data``; None when no sound header is there."""
    head = data[at : at + HEADER]
    if len(head) < HEADER or crc32c.masked(head[:8]) != int.from_bytes(head[8:], "little"):
        return None
    return int.from_bytes(head[:8], "little")


def is_sound(data: bytes, start: int, end: int) -> bool:
    """Whether the record at ``start``…``end`` of ``data`` has the checksum that follows it."""
    return crc32c.masked(data[start:end]) == int.from_bytes(data[end : end + TRAILER], "little")


def windows(path: Path, limits: Limits, damage: Damage) -> Iterator[Window]:
    """The records of ``path``, some megabytes at a time; what is wrong is told ``damage``."""
    size = limits.open(path)
    with path.open("rb") as file:
        reading = _Reading(file, size, damage)
        for window in reading.windows():
            yield window
            limits.at(path, reading.offset / max(size, 1))


@dataclass
class _Reading:
    file: BinaryIO
    size: int
    damage: Damage
    data: bytes = b""
    offset: int = 0  # in the file, of ``data``
    known: dict[bytes, int] = field(default_factory=dict)  # length by header

    def windows(self) -> Iterator[Window]:
        headers = _Headers(self.file.fileno(), self.size)
        while self.offset < self.size:
            self._fill()
            starts: list[int] = []
            ends: list[int] = []
            at, after = -1, 0
            while at < after < len(self.data):
                at = self._walk(after, starts, ends)
                after = self._beyond(at, starts, ends, headers)
            yield self._sound(np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64))
            self._go_to(after)

    def _fill(self) -> None:
        """Have a window's bytes, or the whole first record where that is longer."""
        first = length_at(self.data) or 0
        need = WINDOW if first > LONGEST else max(WINDOW, first + HEADER + TRAILER)
        self.data += self.file.read(max(min(need, self.size - self.offset) - len(self.data), 0))
        if len(self.data) < min(need, self.size - self.offset):  # it has shrunk meanwhile
            self.size = self.offset + len(self.data)

    def _go_to(self, at: int) -> None:
        if at > len(self.data):
            self.file.seek(self.offset + at)
        self.data = self.data[at:]
        self.offset += at

    def _walk(self, at: int, starts: list[int], ends: list[int]) -> int:
        """Add the records from ``at`` on; the place of the first that is damaged or not all here."""
        data, known, filled = self.data, self.known, len(self.data) - TRAILER
        while True:
            head = data[at : at + HEADER]
            length = known.get(head)
            if length is None:
                length = length_at(head)
                if length is None:
                    return at
                known[head] = length
            end = at + HEADER + length
            if end > filled:
                return at
            starts.append(at + HEADER)
            ends.append(end)
            at = end + TRAILER

    def _beyond(self, at: int, starts: list[int], ends: list[int], headers: "_Headers") -> int:
        """Where to go on when ``_walk`` stopped at ``at``: there with more bytes, behind a giant, or behind damage."""
        length, left = length_at(self.data, at), self.size - self.offset - at
        if length is not None and length + HEADER + TRAILER <= left:
            if length <= LONGEST:
                return at
            self.damage.add(self.offset + at, f"a record of {length:,} bytes is too long for curves: passed over")
            return at + HEADER + length + TRAILER
        if len(self.data) - at < min(HEADER, left) or left == 0:
            return at
        since = starts[-1] if starts else at + 1  # bytes may be lost within the last record
        found = headers.after(self.offset + since)
        while found is not None and self.offset + at == found:
            found = headers.after(found + 1)
        if found is None:
            torn = length is not None or left < HEADER
            what = "torn off within a record, as when its writer was killed" if torn else "damaged from here to the end"
            self.damage.add(self.offset + at, what)
            return at + left
        if found < self.offset + at:
            at = starts.pop() - HEADER
            ends.pop()
        self.damage.add(self.offset + at, f"damaged, left out up to byte {found}")
        return found - self.offset

    def _sound(self, starts: crc32c.Places, ends: crc32c.Places) -> Window:
        """The window without the short records whose own checksum is wrong."""
        keep = np.ones(starts.size, dtype=bool)
        short = np.flatnonzero(ends - starts <= SHORT)
        data = np.frombuffer(self.data, dtype=np.uint8)
        words = np.ndarray((max(data.size - 3, 0),), "<u4", data, strides=(1,))
        found = crc32c.masked_each(data, starts[short], (ends - starts)[short])
        keep[short] = found == words[ends[short]]
        for at in starts[~keep].tolist():
            self.damage.add(self.offset + at - HEADER, "a record that does not match its checksum is left out")
        return Window(self.data, self.offset, starts[keep], ends[keep])


class _Headers:
    """The sound headers of a file, searched for only where damage makes it needful."""

    def __init__(self, file: int, size: int) -> None:
        self._file, self._size = file, size
        self._block = lru_cache(maxsize=4)(self._search)

    def after(self, byte: int) -> int | None:
        """The first at or after ``byte`` of the file whose record the file has room for."""
        for block in range(byte // BLOCK, -(-self._size // BLOCK)):
            places = self._block(block)
            at = bisect_left(places, byte)
            if at < len(places):
                return places[at]
        return None

    def _search(self, block: int) -> list[int]:
        first = block * BLOCK
        data = np.frombuffer(os.pread(self._file, BLOCK + HEADER - 1, first), dtype=np.uint8)
        if data.size < HEADER:
            return []
        zero = data == 0
        n = data.size - HEADER + 1
        at = np.flatnonzero(zero[4 : 4 + n] & zero[5 : 5 + n] & zero[6 : 6 + n] & zero[7 : 7 + n])  # below 4 GiB
        words = np.ndarray((data.size - 3,), "<u4", data, strides=(1,))
        sound = crc32c.masked_each(data, at, np.full(at.size, 8)) == words[at + 8]
        fits = first + at + words[at].astype(np.int64) + HEADER + TRAILER <= self._size
        found: list[int] = (first + at[sound & fits]).tolist()
        return found
