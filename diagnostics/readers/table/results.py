"""Tables of results or data: a row is about a model, an experiment or a sample, not a moment of a training: there are no curves."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from collector.schema import EPOCH, STEP
from diagnostics.readers import blockwise
from diagnostics.readers.formats.columns import Column
from diagnostics.readers.rows import number
from diagnostics.readers.understanding import names

OFTEN = 0.5  # of the rows: each has another name, or a name at all
FIRST = 1_000  # rows that tell
BACK = 0.3  # of the moves of a counter that go back at most
NAME = re.compile(r"^[^\[({]*[^\W\d_]{2}")  # letters, in what is no list, once it is without digits; "m s" is a time
DATE = re.compile(r"\d:\d\d|\b(?:19|20)\d\d\b")
DIGITS = re.compile(r"\d+")
VARIED = {"threshold", "thresholds", "thresh", "cutoff", "fpr", "false_positive_rate"}  # for a trained model's results
WAY_OUT = "a table of results or data, no curves; if its rows are moments of a training, add a column 'step'"


def why(
    length: int, texts: Mapping[str, pa.ChunkedArray], columns: Mapping[str, Column], role: Mapping[str, str]
) -> str:
    """What shows that a table is one of results; "" for one that may be a log.

    Args:
        length: the number of rows.
        texts: the columns of words, by name.
        columns, role: as in ``Table``.
    """
    if names.TAG in role or length < 2:
        return ""
    run = texts.get(role[names.RUN]) if names.RUN in role else None
    if run is not None and run.null_count == 0 and len(run.unique()) == length:
        return f"each row is another {role[names.RUN]} ({_some(run.to_pylist())}): {WAY_OUT}"
    if any(_rises(columns[role[r]]) for r in (STEP, EPOCH) if role.get(r) in columns):
        return ""
    if varied := next((c.name for c in columns.values() if names.plain(c.name) in VARIED and _is_sweep(c, length)), ""):
        return f"no column counts, and each row is about another {varied!r}: {WAY_OUT}"
    told = next(_things(texts, role.get(names.RUN)), None)
    if told is None:
        return ""
    return f"no column counts, and {told[0] or 'the first'!r} says what each row is about ({_some(told[1])}): {WAY_OUT}"


def why_rows(rows: Sequence[Mapping[str, object]]) -> str:
    """As ``why``, of the first of a list of objects."""
    rows = rows[:FIRST]
    keys = dict.fromkeys(key for row in rows for key in row)
    cells = {key: [row.get(key) for row in rows] for key in keys}
    texts = {
        key: [v or None for v in said] for key, said in cells.items() if all(isinstance(v, str | None) for v in said)
    }
    columns = {
        key: Column(key, np.arange(len(rows)), np.array([np.nan if v is None else v for v in map(number, said)]))
        for key, said in cells.items()
        if key not in texts
    }
    words = {key: pa.chunked_array([pa.array(said, pa.string())]) for key, said in texts.items()}
    return why(len(rows), words, columns, names.index_of(keys))


def _things(texts: Mapping[str, pa.ChunkedArray], run: str | None) -> Iterator[tuple[str, list[str]]]:
    """The columns that say what a row is about, and what they say."""
    for name, column in texts.items():
        said = column[:FIRST].drop_null().to_pylist()
        if name != run and len(said) > OFTEN * min(len(column), FIRST) and _are_names(name, said):
            yield name, said


def _are_names(name: str, said: Sequence[str]) -> bool:
    """Whether ``said`` are names of things: words other than train and test, which differ by more than a number."""
    words = [bare for one in said if NAME.search(bare := DIGITS.sub("", one)) and not DATE.search(one)]
    kinds = {*words}
    if len(words) < OFTEN * len(said) or len(kinds) < 2 or all(names.plain(kind) in names.SPLITS for kind in kinds):
        return False
    return bool(names.THINGS & {*names.words(name)}) or len(kinds) > OFTEN * len(said)


def _is_sweep(column: Column, length: int) -> bool:
    """Whether each row has a value of its own, in order."""
    apart = np.diff(column.values)
    return len(column.values) == length > 2 and bool((apart > 0).all() or (apart < 0).all())


def _rises(column: Column) -> bool:
    if len(column.values) > 1 and blockwise.rises(column.values):
        return True
    there = column.values[np.isfinite(column.values)]
    on, back = (there[1:] > there[:-1]).sum(), (there[1:] < there[:-1]).sum()
    return bool(on and back <= BACK * (on + back))


def _some(said: Sequence[object]) -> str:
    few = [str(one)[:40] for one in dict.fromkeys(said)]
    return ", ".join(few[:2]) + (" …" if few[2:] else "")
