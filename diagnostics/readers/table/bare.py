"""Numbers without a header, as ``numpy.savetxt`` and ``csv.writer`` leave a list of losses: the file's name is the quantity's."""

import numpy as np
import pyarrow as pa

TOLD = "no header line: the file's name says what the numbers are"
WIDE = 8  # columns from which numbers that lie in fewer rows than columns run from left to right


def named(table: pa.Table, stem: str) -> pa.Table:
    """``table``, of numbered columns, with names: the first is the step if it counts, a single other one is called ``stem``."""
    if table.num_columns > max(WIDE, table.num_rows):
        table = _turned(table)
    names = table.column_names
    has_step = table.num_columns > 1 and _counts(table.column(0))
    others = names[1:] if has_step else names
    return table.rename_columns([*(["step"] if has_step else []), *([stem] if len(others) == 1 else others)])


def _turned(table: pa.Table) -> pa.Table:
    """Rows as columns."""
    rows = table.to_pandas().to_numpy()
    return pa.table({f"column {n}": pa.array(row, from_pandas=True) for n, row in enumerate(rows, 1)})


def _counts(column: pa.ChunkedArray) -> bool:
    """Whether whole numbers rise by ones."""
    if not pa.types.is_integer(column.type) or column.null_count:
        return False
    return bool((np.diff(column.to_numpy()) == 1).all())
