"""Rows of the list of runs, remembered on disk between starts of the server; whatever is wrong with the file, it is made anew."""

import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path

from app.row import Told, from_text, to_text

CODE = ("app/row.py", "collector/schema.py", "diagnostics")  # what a row is made by: another one makes other rows
FORGET = 90 * 86_400.0  # s: rows that nobody has asked for since
TABLE = "CREATE TABLE IF NOT EXISTS rows (path BLOB, version TEXT, mark TEXT, told TEXT, used REAL, PRIMARY KEY (path, version))"


class Store:
    """Rows by path, with the fingerprint that the log had when they were made."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._version = _version()

    def read(self, folder: Path) -> Iterator[tuple[Path, int, Told]]:
        """What is remembered of logs in ``folder``."""
        with suppress(sqlite3.Error, OSError):
            found = self._read(os.fsencode(folder))
            for path, mark, told in found:
                with suppress(ValueError, TypeError):
                    yield Path(os.fsdecode(path)), int(mark), from_text(told)

    def write(self, rows: Iterable[tuple[Path, int, Told]]) -> None:
        """Remember ``rows``; where the disk refuses they are made again next time."""
        now = time.time()
        with suppress(sqlite3.Error, OSError):
            texts = [(os.fsencode(path), self._version, str(mark), to_text(told), now) for path, mark, told in rows]
            self._do("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?)", texts)

    def forget(self, paths: Iterable[Path]) -> None:
        """Logs that are gone, and what nobody has asked for in a long time."""
        with suppress(sqlite3.Error, OSError):
            self._do("DELETE FROM rows WHERE path = ?", [(os.fsencode(path),) for path in paths])
            self._do("DELETE FROM rows WHERE used < ?", [(time.time() - FORGET,)])

    def _read(self, folder: bytes) -> list[tuple[bytes, str, str]]:
        wanted = (self._version, folder, folder + os.sep.encode(), folder + bytes([ord(os.sep) + 1]))
        query = "FROM rows WHERE version = ? AND (path = ? OR path > ? AND path < ?)"
        connection = self._open()
        try:
            found = connection.execute(f"SELECT path, mark, told {query}", wanted).fetchall()
        finally:
            connection.close()
        return found

    def _do(self, command: str, values: Sequence[tuple[object, ...]]) -> None:
        connection = self._open()
        try:
            with connection:
                connection.executemany(command, values)
        finally:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        """The database; one that is damaged is begun again."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # settings of runs are nobody else's business
        try:
            return _opened(self._file)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # another server is writing, or the disk refuses
            for file in self._file.parent.glob(f"{self._file.name}*"):
                file.unlink(missing_ok=True)
            return _opened(self._file)


def _opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=5)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(TABLE)
    except BaseException:
        connection.close()
        raise
    return connection


def default() -> Store:
    """The store of this user, in the platform's folder for what can be made again."""
    return Store(_cache_folder() / "curvewise" / "rows.sqlite")


def _cache_folder() -> Path:
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")


@cache
def _version() -> str:
    """Changes with every file that rows are made by, so that no row outlives the rules that it speaks for."""
    root = Path(__file__).resolve().parents[1]
    files = sorted(
        file for name in CODE for file in ([root / name] if name.endswith(".py") else (root / name).rglob("*.py"))
    )
    marks = [(str(file.relative_to(root)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return blake2b(repr(marks).encode(), digest_size=8).hexdigest()
