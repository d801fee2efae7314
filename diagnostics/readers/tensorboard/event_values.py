"""One value of a TensorBoard summary: a scalar in any of its forms, or which kind of thing it is instead."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from diagnostics.readers.formats.protobuf import Value, fields, parts, signed, text

TAG, SIMPLE, TENSOR, METADATA = 1, 2, 8, 9  # fields of Summary.Value
MEDIA = {4: "images", 5: "histograms", 6: "audio"}
SCALARS, HPARAMS = "scalars", "hparams"  # plugins
DTYPE, SHAPE, CONTENT = 1, 2, 4  # fields of TensorProto
FLOAT = 1  # DT_FLOAT
NUMBERS: dict[int, tuple[str, int]] = {  # by DataType: NumPy's name, and the field that holds its values one by one
    1: ("<f4", 5), 2: ("<f8", 6), 3: ("<i4", 7), 4: ("u1", 7), 5: ("<i2", 7), 6: ("i1", 7), 9: ("<i8", 10), 10: ("?", 11),
    14: ("bfloat16", 13), 17: ("<u2", 7), 19: ("<f2", 13), 22: ("<u4", 16), 23: ("<u8", 17),
}  # fmt: skip
SINGLE, DOUBLE = struct.Struct("<f"), struct.Struct("<d")
MOST_DEEP = 20  # levels of a nested hyperparameter


@dataclass(frozen=True)
class Said:
    """What one value says.

    Attributes:
        tag: its name.
        number: the scalar, or None.
        plugin: who shows it, where the value says so; "" else.
        kind: what it is when no scalar: "images" …, or "tensors".
        content: of the plugin.
        last_four: whether the last four bytes of the value are the scalar as float32, and nothing else is.
    """

    tag: str
    number: float | None
    plugin: str
    kind: str
    content: bytes
    last_four: bool


def said(value: bytes) -> Said:
    """What the bytes of a ``Summary.Value`` say.

    Raises:
        ValueError: they are none.
    """
    tag, number, plugin, kind, content, at_end = "", None, "", "tensors", b"", False
    for field, what in fields(value):
        at_end = False
        if field == TAG:
            tag = text(what)
        elif field == SIMPLE and isinstance(what, bytes) and len(what) == SINGLE.size:
            number, at_end = SINGLE.unpack(what)[0], True
        elif field == TENSOR:
            number, at_end = _single(what)
        elif field == METADATA:
            plugin, content = _plugin(what)
        elif field in MEDIA:
            kind = MEDIA[field]
    return Said(tag, number, plugin, kind, content, at_end)


def hyperparameters(content: bytes) -> dict[str, Any]:
    """The settings that the hparams plugin says a session began with: HParamsPluginData.session_start_info.hparams.

    Raises:
        ValueError: this is no protobuf.
    """
    found: dict[str, Any] = {}
    for field, info in fields(content):
        for inner, entry in parts(info) if field == 3 else ():
            if inner == 1:
                pair = dict(parts(entry))
                found[text(pair.get(1, b""))] = _plain(pair.get(2, b""))
    return found


def _plain(value: Value, depth: int = 0) -> object:
    """A ``google.protobuf.Value``."""
    for field, what in parts(value):
        if field == 2 and isinstance(what, bytes) and len(what) == DOUBLE.size:
            number = DOUBLE.unpack(what)[0]
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        if field == 3:
            return text(what)
        if field == 4:
            return bool(what)
        if field == 6 and depth < MOST_DEEP:
            return [_plain(item, depth + 1) for inner, item in parts(what) if inner == 1]
    return None


def _plugin(metadata: Value) -> tuple[str, bytes]:
    """Name and content of SummaryMetadata.plugin_data."""
    data = dict(parts(dict(parts(metadata)).get(1, b"")))
    content = data.get(2, b"")
    return text(data.get(1, b"")), content if isinstance(content, bytes) else b""


def _single(tensor: Value) -> tuple[float | None, bool]:
    """The number of a tensor that has just one; and whether float32 bytes of it end the tensor."""
    dtype, content, values, last = 0, b"", b"", b""
    count = 1
    for field, what in fields(tensor if isinstance(tensor, bytes) else b""):
        last = b""
        if field == DTYPE:
            dtype = signed(what)
        elif field == SHAPE:
            count *= _elements(what)
        elif field == CONTENT and isinstance(what, bytes):
            content = last = what
        elif dtype in NUMBERS and field == NUMBERS[dtype][1] and not values:
            values = last = what if isinstance(what, bytes) else _varint(what)
    if dtype not in NUMBERS or count != 1:
        return None, False
    return _number(dtype, content, values), dtype == FLOAT and len(last) == SINGLE.size


def _number(dtype: int, content: bytes, values: bytes) -> float | None:
    """From raw memory, or from the field of its type: floats as they are, whole numbers as varints."""
    name, _ = NUMBERS[dtype]
    raw = content
    if not raw and values and name in ("<f4", "<f8"):
        raw = values
    elif not raw and values:
        whole = signed(next(iter(_varints(values)), 0))
        if name not in ("bfloat16", "<f2"):
            return float(whole)
        raw = (whole & 0xFFFF).to_bytes(2, "little")
    if not raw:
        return 0.0  # values that are left out are zero
    if name == "bfloat16":
        raw, name = b"\0\0" + raw, "<f4"
    kind = np.dtype(name)
    return float(np.frombuffer(raw, kind)[0]) if len(raw) == kind.itemsize else None


def _elements(shape: Value) -> int:
    """The product of the sizes of TensorShapeProto; 0 where one is unknown."""
    sizes = [signed(dict(parts(dim)).get(1, 0)) for field, dim in parts(shape) if field == 2]
    return int(np.prod([max(min(size, 2), 0) for size in sizes], dtype=np.int64)) if sizes else 1


def _varints(packed: bytes) -> Iterator[int]:
    """The first number of a packed field."""
    for field, what in fields(b"\x08" + packed[:10]):
        if field == 1 and isinstance(what, int):
            yield what
        return


def _varint(number: int) -> bytes:
    """``number`` as it stood in the message."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
