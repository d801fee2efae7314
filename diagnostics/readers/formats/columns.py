"""Arrow columns as numbers: what is there, what is absent, and what could not be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from diagnostics.curve import Ints, Numbers

DURATION = r"(?:(\d+):)?(\d+):(\d\d(?:\.\d+)?)"
IGNORED = " holds no numbers: ignored"
NUMERIC_SHARE = 0.5  # of its cells that are numbers, from which a text column is a column of numbers with damage


@dataclass(frozen=True)
class Column:
    """The cells of one quantity that hold a value.

    Attributes:
        name: as in the log.
        rows: int64 [n], rows of the table, rising; ``range(n)`` where it holds a value in all of them.
        values: float64 [n], NaN and Inf where the log says so, or int64 [n]. An empty cell has no entry.
    """

    name: str
    rows: Ints | range
    values: Numbers

    @property
    def where(self) -> Ints | slice:
        """``rows``, to take them of an array."""
        return slice(None) if isinstance(self.rows, range) else self.rows

    def full(self, length: int) -> Numbers:
        """The values of all ``length`` rows of the table, NaN where there is none."""
        if isinstance(self.rows, range):
            return self.values
        full = np.full(length, np.nan)
        full[self.rows] = self.values
        return full


def numbers(name: str, data: pa.ChunkedArray, place: Callable[[int], str]) -> tuple[Column | None, list[str]]:
    """The column's numbers, or None when it holds none, and notes; ``place`` says where a row (0-based) is."""
    if pa.types.is_timestamp(data.type):
        counted = pc.cast(pc.cast(data, pa.timestamp("us"), safe=False), pa.int64())
        data = pc.divide(_rounded(counted), 1e6)  # s since 1970
    if pa.types.is_time32(data.type):
        data = _clock(data)
    if _is_number(data.type):
        return _column(name, data), []
    if pa.types.is_null(data.type):
        return None, []
    texts = strings(data)
    return (None, [_ignored(name)]) if texts is None else _from_text(name, texts, place)


def joined(notes: Sequence[str]) -> list[str]:
    """``notes``, with one in place of all that say that a column holds no numbers."""
    without = [note.removeprefix("column ").removesuffix(IGNORED) for note in notes if note.endswith(IGNORED)]
    others = [note for note in notes if not note.endswith(IGNORED)]
    if len(without) < 2:
        return [*notes]
    more = f" and {len(without) - 3} more" if without[3:] else ""
    return [*others, f"columns {', '.join(without[:3])}{more} hold no numbers: ignored"]


def strings(data: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """``data`` as text without padding, blank cells null; None for nested or boolean data."""
    try:
        text = pc.utf8_trim_whitespace(pc.cast(data, pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    return None if pa.types.is_boolean(data.type) else pc.if_else(pc.equal(text, ""), None, text)


def _from_text(name: str, texts: pa.ChunkedArray, place: Callable[[int], str]) -> tuple[Column | None, list[str]]:
    cells = texts.to_pandas()
    if cells.str.fullmatch(DURATION).eq(True).sum() > NUMERIC_SHARE * cells.notna().sum():
        cells = _in_seconds(cells)
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    there = cells.notna().to_numpy()
    says_nan = cells.str.lower().isin(["nan", "+nan", "-nan"]).to_numpy(dtype=bool)
    bad = np.flatnonzero(there & np.isnan(values) & ~says_nan)
    if len(bad) > (1 - NUMERIC_SHARE) * there.sum():
        return None, [_ignored(name)]
    rows = np.flatnonzero(there & (~np.isnan(values) | says_nan))
    return Column(name, rows, values[rows]), _bad_cells(name, cells, bad, place)


def _clock(data: pa.ChunkedArray) -> pa.ChunkedArray:
    """Seconds of what Arrow took for times of day: it reads ``02:03`` as hours and minutes, training logs mean minutes and seconds."""
    seconds = pc.cast(pc.cast(pc.cast(data, pa.time32("s")), pa.int32()), pa.float64())
    values = np.asarray(seconds.drop_null().to_numpy())
    return pc.divide(seconds, 60.0) if (values % 60 == 0).all() else seconds


def _rounded(data: pa.ChunkedArray) -> pa.ChunkedArray:
    """As float64, however many digits there are."""
    return pc.cast(data, pa.float64(), safe=False)


def _in_seconds(cells: pd.Series) -> pd.Series:
    """``1:02:03`` and ``02:03`` as seconds, still text, as fastai writes times; other cells as they are."""
    parts = cells.str.extract(DURATION).astype(float)
    seconds = parts[0].fillna(0) * 3600 + parts[1] * 60 + parts[2]
    return cells.where(seconds.isna(), seconds.astype(str))


def _bad_cells(name: str, cells: pd.Series, bad: Ints, place: Callable[[int], str]) -> list[str]:
    if not len(bad):
        return []
    others = f"; {len(bad) - 1} more in this column" if len(bad) > 1 else ""
    return [
        f"{place(int(bad[0]))}, column {name!r}: {str(cells.iloc[bad[0]])[:40]!r} is no number, taken as absent{others}"
    ]


def _column(name: str, data: pa.ChunkedArray) -> Column:
    rows: Ints | range = range(len(data))
    if data.null_count:
        rows = np.flatnonzero(pc.is_valid(data).to_numpy())
        data = data.drop_null()
    if pa.types.is_decimal(data.type):
        data = _rounded(data)
    if data.num_chunks == 1 and data.type in (pa.float64(), pa.int64()):
        return Column(name, rows, data.chunk(0).to_numpy())
    values, at = np.empty(len(data)), 0
    for chunk in data.chunks:  # converted where it is copied
        values[at : at + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
        at += len(chunk)
    return Column(name, rows, values)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _ignored(name: str) -> str:
    return f"column {name!r}{IGNORED}"
