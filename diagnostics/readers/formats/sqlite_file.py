"""SQLite databases opened to be looked at: never written to, nothing laid beside them, and bounded in time and memory.

SQLite itself puts files beside a database it only reads, and changes one whose last writer died. Where that could happen a
copy is read instead; with the copy go the rows that are still in the journal (``-wal``) beside the database.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.limits import Limits

MAGIC = b"SQLite format 3\0"
WAL_AT, WAL = 18, b"\x02\x02"  # where the header says that rows go to a -wal file first
BESIDE = ("-wal", "-journal")  # what the last writer may have left
TRIES = 3  # copies of a database that is being written to
UNTOUCHED = "immutable=1&mode=ro"  # immutable alone opens for writing, which a watch of the folder takes for a change
LONGEST = 64 << 20  # bytes of one cell; a damaged length must not take all memory
OFTEN = 100_000  # SQLite's own instructions between two looks at the clock
BATCH = 20_000  # rows at a time

MOST_TOLD = 3  # damages of a table, told one by one
BACK = "its rows do not go on"
FURTHEST = 2**40  # rows; what is looked for behind damage, in steps that double

BROKEN = (sqlite3.Error, UnicodeDecodeError)  # the latter where even SQLite's message holds bytes of the damage

Tables = dict[str, list[str]]  # columns by table
Row = tuple[object, ...]


def is_sqlite(path: Path) -> bool:
    """Whether the file begins as a SQLite database."""
    return look.is_file(path) and look.head(path).startswith(MAGIC)


def holds(path: Path, wanted: Callable[[Tables], bool]) -> bool:
    """Whether ``path`` is a database whose tables are ``wanted``; never raises for a damaged one."""
    if not is_sqlite(path):
        return False
    try:
        base = sqlite3.connect(_uri(path, UNTOUCHED), uri=True)  # as of the last time it was packed
        base.text_factory = _text
        try:
            if wanted(tables(base)):
                return True
        finally:
            base.close()
        if not any(_left(path)):
            return False
        with opened(path, Limits()) as base:  # nothing was ever packed: all is beside it
            return wanted(tables(base))
    except (*BROKEN, ReadError):
        return False


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[sqlite3.Connection]:
    """The database for reading, as of now.

    Raises:
        ReadError: time is over.
        sqlite3.Error: the database is damaged.
    """
    limits.open(path)
    with tempfile.TemporaryDirectory(prefix="curvewise-") as folder:
        base = sqlite3.connect(_sound(path, Path(folder)), uri=True, isolation_level=None)
        try:
            base.text_factory = _text
            base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
            base.execute("PRAGMA trusted_schema = OFF")
            late: list[ReadError] = []
            base.set_progress_handler(lambda: _late(path, limits, late), OFTEN)
            try:
                yield base
            except BROKEN as error:
                if late:
                    raise late[0] from None
                raise sqlite3.DatabaseError(str(error)) from error
        finally:
            base.close()


def tables(base: sqlite3.Connection) -> Tables:
    """The columns of every table, by its name; views are none."""
    names = base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    info = "SELECT name FROM pragma_table_info(?)"
    return {str(name): [str(column) for (column,) in base.execute(info, (name,))] for (name,) in names}


def rows(base: sqlite3.Connection, table: str, columns: Sequence[str], notes: list[str]) -> Iterator[list[Row]]:
    """The rows of ``table`` in the order of writing, in batches: their number, and ``columns``, which are SQL.

    Damaged ones are passed over and told.
    """
    query = f"SELECT rowid, {', '.join(columns)} FROM {table} WHERE rowid > ? ORDER BY rowid"
    after, further, size, damaged = -(2**62), 1, BATCH, 0
    while further < FURTHEST:
        try:
            cursor = base.execute(query, (after,))
            while batch := cursor.fetchmany(size):
                if fresh := _rising(batch, after):
                    yield fresh
                    after, further = _number(fresh[-1]), 1
                if len(fresh) < len(batch):
                    raise sqlite3.DatabaseError(BACK)
            return
        except BROKEN as error:
            if "interrupted" in str(error):
                raise
            if size > 1:  # one by one up to the damage
                size = 1
                continue
            if further == 1:
                damaged += 1
                notes += [_damaged(table, after, error)] if damaged <= MOST_TOLD else []
            after, further = max(after, 0) + further, further * 2


def _rising(batch: list[Row], after: int) -> list[Row]:
    """The first of ``batch``, as far as each number is above the one before: a damaged page may lead back, without end."""
    numbers = [after, *(_number(row) for row in batch)]
    back = next((i for i, (one, next_one) in enumerate(pairwise(numbers)) if next_one <= one), len(batch))
    return batch[:back]


def _number(row: Row) -> int:
    return row[0] if isinstance(row[0], int) else -(2**63)  # damage may leave none


def _damaged(table: str, after: int, error: Exception) -> str:
    return f"the database is damaged in table {table} after row {max(after, 0):,} ({error}): some rows are lost"


def _late(path: Path, limits: Limits, late: list[ReadError]) -> int:
    try:
        limits.at(path, 0.5)  # how far it is nobody knows
    except ReadError as error:
        late.append(error)
    return len(late)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _left(path: Path) -> Iterator[Path]:
    """What the last writer left beside the database."""
    for suffix in BESIDE:
        beside = path.with_name(path.name + suffix)
        if beside.is_file() and beside.stat().st_size:
            yield beside


def _sound(path: Path, folder: Path) -> str:
    """The address at which the database can be opened without a trace."""
    if not any(_left(path)):
        with path.open("rb") as file:
            head = file.read(WAL_AT + len(WAL))
        return _uri(path, UNTOUCHED if head[WAL_AT:] == WAL else "mode=ro")
    for _ in range(TRIES):
        before = _state(path)
        for file_path in (path, *_left(path)):
            shutil.copyfile(file_path, folder / file_path.name)
        if _state(path) == before:
            break
    return _uri(folder / path.name, "mode=rw")


def _state(path: Path) -> list[tuple[str, int, int]]:
    """Tells whether somebody wrote meanwhile."""
    return [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in (path, *_left(path))]


def _uri(path: Path, how: str) -> str:
    return f"{path.absolute().as_uri()}?{how}"
