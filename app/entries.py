"""The inputs that are known and what is known of each, from start to start of the server."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.index_store import Store
from app.row import Broken, Row, Told
from app.sources import Folder, Source
from collector.schema import RUNNING

BATCH = 256  # entries that are put in order at a time: what comes meanwhile is newer


@dataclass(eq=False)
class Entry:
    """An input, and what is known of it.

    Attributes:
        mark: fingerprint of the files that ``told`` speaks of.
        stale: whether ``told`` is to be made again; not before ``due`` (monotonic s).
        busy: whether another process is reading it.
        changed: time of last change of its folder, s since 1970.
        is_link: whether it lies elsewhere.
    """

    source: Source
    mark: int | None = None
    told: Told | None = None
    stale: bool = True
    due: float = 0.0
    busy: bool = False
    changed: float = 0.0
    is_link: bool = False

    @property
    def running(self) -> bool:
        """Whether one of its runs goes on, as far as is known."""
        return isinstance(self.told, tuple) and any(row.state == RUNNING for row in self.told)


class Entries:
    """All entries; safe to use from any thread.

    Attributes:
        changed: whether ``lists`` would be other ones than the last time.
    """

    def __init__(self, store: Store) -> None:
        self.changed = False
        self._store = store
        self._lock = threading.RLock()
        self._by_path: dict[Path, Entry] = {}
        self._by_key: dict[str, Entry] = {}
        self._unsaved: set[Entry] = set()
        self._gone: set[Path] = set()
        self._next: list[Entry] = []  # to be taken, the newest last

    def __len__(self) -> int:
        return len(self._by_path)

    def all(self) -> list[Entry]:
        """Every entry."""
        with self._lock:
            return list(self._by_path.values())

    def at(self, path: Path) -> Entry | None:
        """That of the input at ``path``."""
        return self._by_path.get(path)

    def called(self, key: str) -> Entry | None:
        """That of the input that addresses call so."""
        return self._by_key.get(key)

    def add(self, source: Source, mark: int | None = None, told: Told | None = None) -> None:
        """Know of an input, if it is not known yet."""
        with self._lock:
            if source.path not in self._by_path:
                entry = Entry(source, mark, told, stale=told is None, is_link=source.path.is_symlink())
                self._by_path[source.path] = self._by_key[source.key] = entry

    def remove(self, entry: Entry) -> None:
        """Forget an input."""
        with self._lock:
            self._by_path.pop(entry.source.path, None)
            self._by_key.pop(entry.source.key, None)
            self._unsaved.discard(entry)
            self._gone.add(entry.source.path)
            self.changed = True

    def put(self, entry: Entry, mark: int, told: Told, due: float = 0.0) -> None:
        """Note what was read."""
        with self._lock:
            entry.mark, entry.told, entry.due, entry.busy = mark, told, due, False
            if entry.source.path in self._by_path:
                self._unsaved.add(entry)
                self._gone.discard(entry.source.path)
            self.changed = True

    def take(self, may: Callable[[Entry], bool]) -> Entry | None:
        """The newest of what is stale and ``may`` be read by whoever asks; it is busy then."""
        with self._lock:
            for again in (False, True):
                if again:
                    stale = (e for e in self._by_path.values() if e.stale and not e.busy and may(e))
                    self._next = sorted(stale, key=lambda entry: entry.changed)[-BATCH:]
                while self._next:
                    entry = self._next.pop()
                    if entry.stale and not entry.busy:
                        entry.busy, entry.stale = True, False
                        return entry
            return None

    def progress(self) -> tuple[int, int]:
        """How many have been read, and how many there are."""
        every = self.all()
        return sum(entry.told is not None for entry in every), len(every)

    def lists(self) -> tuple[list[Row], list[Broken]]:
        """Every run, newest first and samples last, and every input that could not be read."""
        with self._lock:
            self.changed = False
            told = [entry.told for entry in self._by_path.values() if entry.told is not None]
        rows = [row for one in told if isinstance(one, tuple) for row in one]
        rows.sort(key=lambda row: (row.sample, -(row.last_time or 0)))
        return rows, [one for one in told if isinstance(one, Broken)]

    def remember(self, folders: Iterable[Folder]) -> None:
        """Begin with what was known when the server last ran; whether it still holds is found out after."""
        for folder in folders:
            for path, mark, told in self._store.read(folder.path):
                self.add(Source(folder, path), mark, told)

    def save(self) -> None:
        """Write down what is new."""
        with self._lock:
            known = [
                (e.source.path, e.mark, e.told) for e in self._unsaved if e.told is not None and e.mark is not None
            ]
            gone = list(self._gone)
            self._unsaved.clear()
            self._gone.clear()
        if known:
            self._store.write(known)
        if gone:
            self._store.forget(gone)
