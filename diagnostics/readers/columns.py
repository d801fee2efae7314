"""Columns of a table as numbers: each cell is a value, or absent, or something that had to be left out and is said so."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from diagnostics.curve import Floats

NUMERIC_SHARE = 0.5  # of the filled cells: below it a column is text with a number here and there
MILLISECONDS = 1e11  # s since 1970: the year 5138, so a larger number counts milliseconds
A_DATE = 1e9  # s since 1970: September 2001; a smaller number is a duration


@dataclass(frozen=True)
class Column:
    """One column: ``values`` float64 [n] and ``present`` bool [n]; a value may be NaN where NaN was logged."""

    values: Floats
    present: NDArray[np.bool_]
    bad: tuple[int, ...] = ()  # rows whose cell is no number

    def take(self, rows: Any) -> "Column":
        """The rows chosen by a mask or an index array."""
        return Column(self.values[rows], self.present[rows])


def numbers(column: pa.ChunkedArray) -> Column | None:
    """The cells as numbers; None when the column is not one of numbers."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return numbers(column.cast(kind.value_type))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _parsed(column)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return None
    present = column.is_valid().to_numpy()
    return Column(column.cast(pa.float64(), safe=False).to_numpy().astype(float), present)


def _parsed(column: pa.ChunkedArray) -> Column | None:
    text = pd.Series(column.to_pylist(), dtype="object").str.strip()
    filled = text.notna().to_numpy() & (text != "").to_numpy()
    values = pd.to_numeric(text, errors="coerce").to_numpy(float)
    literal = text.str.lower().isin(["nan", "+nan", "-nan"]).to_numpy()
    bad = filled & np.isnan(values) & ~literal
    if not filled.any() or bad.sum() > NUMERIC_SHARE * filled.sum():
        return None
    return Column(values, filled & ~bad, tuple(int(row) for row in np.flatnonzero(bad)))


def seconds(column: pa.ChunkedArray) -> Floats | None:
    """A column of moments as seconds since 1970, NaN where absent; None when it holds durations or no moments at all."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _moments(pd.Series(column.to_pandas()))
    known = numbers(column)
    if known is None:
        parsed = pd.to_datetime(
            pd.Series(column.to_pylist(), dtype="object"), errors="coerce", utc=True, format="ISO8601"
        )
        return _moments(parsed) if parsed.notna().any() else None
    values = np.where(known.present, known.values, np.nan)
    largest = np.nanmax(values) if np.isfinite(values).any() else 0.0
    return None if largest < A_DATE else values / (1000 if largest > MILLISECONDS else 1)


def _moments(moments: pd.Series) -> Floats:
    utc = pd.to_datetime(moments, utc=True)
    return np.asarray((utc - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1), dtype=np.float64)
