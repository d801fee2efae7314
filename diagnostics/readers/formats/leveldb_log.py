"""The framing that W&B and SwanLab share: LevelDB's log of records in blocks of 32 KiB, each with a checksum.

A record is ``crc32 (4) | length (2) | kind (1) | data``, little-endian; a long one lies in several pieces, none of which
crosses a block. Unlike LevelDB's own, the checksum is the CRC-32 of zip, over the kind and the data, and not masked.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from diagnostics.readers.limits import Limits
from diagnostics.readers.rows import Rows

BLOCK = 32 * 1024  # bytes
HEAD = struct.Struct("<IHB")  # crc32, length, kind
BROKEN, WHOLE, FIRST, MIDDLE, LAST = range(5)  # kinds of pieces; the file knows the last four
MOST_TOLD = 3  # damages that are told one by one; a file that is torn all over has no more to say
OFTEN = 2_000  # records between two looks at the clock
CUT = "cut off, the program may have been killed"


def walk(
    path: Path, magic: bytes, strange: str, take: Callable[[bytes], None], rows: Rows, notes: list[str], limits: Limits
) -> None:
    """Give every sound record of the file ``path`` to ``take``, which puts what it says into ``rows``.

    Args:
        magic: how the file begins; where it does not, ``strange`` is noted, and what follows is read.
        take: may raise ``ValueError``, ``struct.error`` and ``RecursionError`` for what it cannot read: that is left out.

    Raises:
        ReadError: the file is too large, names too many quantities, or the time is over.
    """
    size, data = limits.open(path), path.read_bytes()
    if not data.startswith(magic):
        notes.append(f"byte 0: {strange}")
    broken = 0
    for n, (at, record) in enumerate(records(data, len(magic), notes)):
        if n % OFTEN == 0:
            limits.at(path, at / size)
            limits.names(path, rows.names)
        try:
            take(record)
        except (ValueError, struct.error, RecursionError) as error:
            broken += 1
            notes += [f"byte {at:,}: {error}; left out"] if broken <= MOST_TOLD else []


def records(data: bytes, start: int, notes: list[str]) -> Iterator[tuple[int, bytes]]:
    """The byte at which each sound record begins, and what it holds; ``start`` is the length of the file's own header.

    What is damaged is left out and told in ``notes``. Reading goes on behind it, where that is sound, or at the next block.
    """
    damage = _Damage(notes, len(data))
    begun: int | None = None  # where the record began whose pieces are collected
    pieces = bytearray()
    for at, end, kind, piece in _pieces(data, start):
        if begun is not None and kind not in (MIDDLE, LAST):
            damage.at(begun, at, "a record without an end")
        elif begun is None and kind in (MIDDLE, LAST):
            damage.at(at, end, "a record without a beginning")
            continue
        if kind == BROKEN:
            damage.at(at, end, CUT if end == len(data) else "damaged")
        elif kind == WHOLE:
            yield at, piece
        elif kind == FIRST:
            pieces = bytearray(piece)
        else:
            pieces += piece
        if kind == LAST and begun is not None:
            yield begun, bytes(pieces)
        begun = at if kind == FIRST else begun if kind == MIDDLE else None
    if begun is not None:
        damage.at(begun, len(data), CUT)
    damage.tell_rest()


class _Damage:
    """What is broken, told with its first byte and its length; adjoining damage is one."""

    def __init__(self, notes: list[str], size: int) -> None:
        self.notes, self.size = notes, size
        self.told, self.untold, self.end = 0, 0, -1

    def at(self, first: int, end: int, what: str) -> None:
        adjoins, self.end = first <= self.end, end
        if adjoins:
            return
        if self.told == MOST_TOLD:
            self.untold += 1
            return
        self.told += 1
        self.notes.append(f"byte {first:,} of {self.size:,}: {what}; {end - first:,} bytes left out")

    def tell_rest(self) -> None:
        if self.untold:
            self.notes.append(f"{self.untold:,} more places are damaged; what is sound between them is read")


class _Piece(NamedTuple):
    at: int
    end: int
    kind: int
    data: bytes


def _pieces(data: bytes, start: int) -> Iterator[_Piece]:
    at = start
    while at < len(data):
        room = BLOCK - at % BLOCK
        if room < HEAD.size:  # too little for a piece: zeros up to the block's end
            at += room
            continue
        piece = _piece(data, at, room) or _Piece(at, min(_behind(data, at, room), len(data)), BROKEN, b"")
        yield piece
        at = piece.end


def _piece(data: bytes, at: int, room: int) -> _Piece | None:
    """The piece at ``at``; None where there is no sound one within ``room`` bytes."""
    if at + HEAD.size > len(data):
        return None
    crc, length, kind = HEAD.unpack_from(data, at)
    end = at + HEAD.size + length
    if not WHOLE <= kind <= LAST or HEAD.size + length > room or end > len(data):
        return None
    sound = zlib.crc32(data[at + 6 : end]) == crc
    return _Piece(at, end, kind, data[at + HEAD.size : end]) if sound else None


def _behind(data: bytes, at: int, room: int) -> int:
    """Where to go on behind a damaged piece: at the next, should its length be sound, else at the next block."""
    if at + HEAD.size <= len(data):
        size: int = HEAD.size + HEAD.unpack_from(data, at)[1]
        if size + HEAD.size <= room and _piece(data, at + size, room - size):
            return at + size
    return at + room
