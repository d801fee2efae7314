"""The fields of a protobuf message, as far as logs need them; without a schema, and safe on bytes that are none."""

from collections.abc import Iterator

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5  # wire types
MOST_BITS = 64

Value = int | bytes


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of each field in order: a whole number, or the bytes of anything else (8 or 4 of a fixed one).

    Raises:
        ValueError: this is no protobuf message, or it is cut off.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = (data[at], at + 1) if data[at] < 0x80 else _varint(data, at)  # most numbers are one byte
        number, wire = key >> 3, key & 7
        if wire == BYTES:
            length, at = (data[at], at + 1) if at < end and data[at] < 0x80 else _varint(data, at)
        elif wire == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        elif wire in (EIGHT, FOUR):
            length = 8 if wire == EIGHT else 4
        else:
            raise ValueError(f"no protobuf: wire type {wire}")
        if length > end - at:
            raise ValueError("no protobuf: a field is longer than its message")
        yield number, data[at : at + length]
        at += length


def signed(value: Value) -> int:
    """A varint as the int64 or int32 it stands for; 0 for anything else."""
    if not isinstance(value, int):
        return 0
    return value - 2**MOST_BITS if value >= 2 ** (MOST_BITS - 1) else value


def text(value: Value) -> str:
    """The text of a string field; "" for a number."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def parts(data: Value) -> list[tuple[int, Value]]:
    """The fields of an embedded message; none for a number.

    Raises:
        ValueError: as ``fields``.
    """
    return list(fields(data)) if isinstance(data, bytes) else []


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at ``at``, and where it ends."""
    number = 0
    for shift in range(0, MOST_BITS + 6, 7):
        if at >= len(data):
            raise ValueError("no protobuf: cut off within a number")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number % 2**MOST_BITS, at
    raise ValueError("no protobuf: a number longer than 64 bits")
