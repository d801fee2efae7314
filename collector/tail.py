"""Layout of a tail and reading it: the rows of a run that are not yet sealed into Parquet, in a memory-mapped file.

A row is in the operating system's hands as soon as it is appended, so a killed process loses none. The file is a header
and fixed-size records, all numbers in the machine's byte order (a foreign one shows as an unknown version)::

    header   magic 8s · version u32 · header size u32 · first row u64 · capacity u64 · count u64 · tags size u32 ·
             CRC-32 of the tags u32 · tags as a JSON list · zeros up to the header size
    record   mark u64 · presence bits · step i64 · epoch f64 · wall time f64 · one f64 a tag

*Absent is not NaN*: bit 0 of the presence bits is the epoch's, bit k + 1 that of tag k. ``count`` is stored after a row's
bytes with one aligned 8-byte write, so a reader never sees half a row. ``mark`` is the row number plus one: after a power
cut the count may have reached the disk and the row may not, and then the mark is zero.
"""

import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collector import schema

MAGIC = b"CWTAIL\r\n"  # the line end shows a file that was mangled by a text-mode copy
VERSION = 1
HEADER = struct.Struct("@8sIIQQQII")
COUNT_AT = 32  # bytes; a multiple of 8, so the store is one aligned write
PAGE = 4096  # bytes that a power cut takes or leaves together


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


def record(tags: int) -> tuple[struct.Struct, int]:
    """A record of so many tags, and how many bytes its presence bits take."""
    mask_bytes = (tags + 1 + 63) // 64 * 8  # whole 8-byte words keep the doubles aligned
    return struct.Struct(f"@Q{mask_bytes}sqdd{tags}d"), mask_bytes


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
    packed, mask_bytes = record(len(tags))
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
    whole = max(0, min(count, (len(data) - start) // packed.size))
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
