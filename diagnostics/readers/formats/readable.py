"""Texts of a damaged Parquet file that are none: read as well as they can be."""

import pyarrow as pa
import pyarrow.compute as pc


def readable(table: pa.Table) -> pa.Table:
    """``table``, in whose texts every byte that is no UTF-8 is replaced."""
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:
        for at, name in enumerate(table.column_names):
            kind = table[name].type
            if pa.types.is_string(kind) or pa.types.is_dictionary(kind):
                cells = pc.cast(texts(table[name]), pa.binary()).to_pylist()
                told = pa.array([None if c is None else c.decode("utf-8", "replace") for c in cells], pa.string())
                table = table.set_column(at, name, told.dictionary_encode() if pa.types.is_dictionary(kind) else told)
    return table


def texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """``column`` as text, also where its words stand in a dictionary."""
    return pc.cast(column, pa.string())
