"""Which runs there are and what the list shows of each: kept up to date in the background, and only where something changed."""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app import hands, index_store, sources
from app.desk import Desk
from app.row import Broken, Case, Row, Told, rows_of
from app.sources import Folder, Source
from collector.claims import alive
from collector.schema import RUNNING
from diagnostics.readers import ReadError
from diagnostics.readers.fingerprint import fingerprint

FEW = 100  # inputs that are looked at whenever somebody asks, where no news come: some 10 ms
PATIENCE = 1.0  # s that a page waits for what it asked for; after that it shows what is known
REST = 3.0  # s at least between two looks at many inputs
HEAL = 300.0  # s between two looks at everything where news come: some may be lost
SHARE = 0.1  # of one core, for looking at everything, and for reading what changes again and again
MANY = 64  # inputs to read that are worth another process, which takes a second to begin
HANDS = max(1, min(8, (os.cpu_count() or 2) - 1))
PULSE = 5.0  # s between two looks whether the processes of running runs still live
SAVE = 5.0  # s between two writings to disk
TURN = 0.5  # s of reading, before news are heard again
RATE = 4.0  # lists a second, and one while most is still unread: every open list is drawn again

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Entry:
    """An input, and what is known of it.

    Attributes:
        mark: fingerprint of the files that ``told`` speaks of.
        stale: whether ``told`` is to be made again; not before ``due`` (monotonic s).
        busy: whether somebody is reading it.
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


class Index:
    """The inputs in ``folders``. Its thread lives as long as it does."""

    def __init__(self, folders: Sequence[Folder], store: index_store.Store | None = None) -> None:
        self.tell: Callable[[str], None] = lambda changed: None
        self._folders = folders
        self._store = store or index_store.default()
        self._desk = Desk(weak(self, "_said_again"))
        self._lock = threading.RLock()
        self._entries: dict[Path, Entry] = {}
        self._keys: dict[str, Entry] = {}
        self._list: tuple[list[Row], list[Broken]] = [], []
        self._touched: set[str] = set()
        self._unsaved: set[Entry] = set()
        self._gone: set[Path] = set()
        self._watched = False
        self._look_asked, self._dirty = True, False
        self._looked_at, self._look_cost = float("-inf"), 0.0  # monotonic s, s
        self._pulse_due = self._save_due = self._list_due = 0.0  # monotonic s
        self._patient_until = time.monotonic() + PATIENCE
        self._wake, self._settled = threading.Event(), threading.Event()
        self._hands = 0
        self._thread: threading.Thread | None = None

    def rows(self) -> tuple[list[Row], list[Broken]]:
        """What the list shows: the same two lists for as long as nothing has changed."""
        self._ask()
        return self._list

    def progress(self) -> tuple[int, int]:
        """How many of the inputs have been read, and how many there are."""
        with self._lock:
            return sum(entry.told is not None for entry in self._entries.values()), len(self._entries)

    def case(self, key: str) -> Case | None:
        """The run called ``key`` as it is now; None where there is none."""
        self._ask()
        source = self._source(key)
        if source is None:
            return None
        try:
            cases = self._desk.cases(source.path)
        except ReadError:
            return None
        return dict(zip(source.keys(len(cases)), cases, strict=True)).get(key)

    def _source(self, key: str) -> Source | None:
        """What ``key`` names; a run may be asked for before everything is listed."""
        for base in (key, key.rpartition("#")[0]):
            entry = self._keys.get(base)
            found = entry.source if entry else next(filter(None, (sources.named(f, base) for f in self._folders)), None)
            if found is not None:
                return found
        return None

    def touch(self, changed: str) -> None:
        """The files at ``changed``, a path below a folder behind its prefix, are others now."""
        self._touched.add(changed)
        self._wake.set()

    def watched(self, on: bool) -> None:
        """Whether ``touch`` is told of every change from now on; what changed before is looked for once more."""
        self._watched, self._look_asked = on, True
        self._begin()
        self._wake.set()

    def links(self) -> list[Source]:
        """The inputs that are links to elsewhere."""
        with self._lock:
            return [entry.source for entry in self._entries.values() if entry.is_link]

    def stop(self) -> None:
        """Write down what is known, and end."""
        thread, self._thread = self._thread, None
        self._wake.set()
        if thread is not None:
            thread.join()
        self._save()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=_live, args=(weakref.ref(self), self._wake), daemon=True, name="curvewise-index"
                )
                self._remember()
                self._thread.start()

    def _ask(self) -> None:
        """Where no news come, look again; wait a moment for what is being found out."""
        self._begin()
        now = time.monotonic()
        rest = 0.0 if len(self._entries) <= FEW else max(REST, self._look_cost / SHARE)
        if not self._watched and now >= self._looked_at + rest:
            with self._lock:
                self._look_asked, self._patient_until = True, now + PATIENCE
                self._settled.clear()
            self._wake.set()
        self._settled.wait(max(self._patient_until - time.monotonic(), 0.0))

    def _remember(self) -> None:
        """Begin with what was known when the server last ran; whether it still holds is found out after."""
        for folder in self._folders:
            for path, mark, told in self._store.read(folder.path):
                self._add(Source(folder, path), mark, told)
        self._make_list()

    def _add(self, source: Source, mark: int | None = None, told: Told | None = None) -> None:
        with self._lock:
            if source.path not in self._entries:
                entry = Entry(source, mark, told, stale=told is None, is_link=source.path.is_symlink())
                self._entries[source.path] = self._keys[source.key] = entry

    def _remove(self, entry: Entry) -> None:
        with self._lock:
            self._entries.pop(entry.source.path, None)
            self._keys.pop(entry.source.key, None)
            self._unsaved.discard(entry)
            self._gone.add(entry.source.path)
            self._dirty = True

    # -- in the thread

    def step(self) -> float:
        """Do what is due; seconds until something will be."""
        if self._look_asked or (
            self._watched and time.monotonic() > self._looked_at + max(HEAL, self._look_cost / SHARE)
        ):
            self._look()
        while self._touched:
            self._look_at(self._touched.pop())
        self._feel_pulse()
        self._read_some()
        self._publish()
        if time.monotonic() >= self._save_due:
            self._save()
        return self._pause()

    def _pause(self) -> float:
        """Seconds until something is due; whoever waits for the list is told when nothing is."""
        now = time.monotonic()
        with self._lock:
            mine = [
                e for e in self._entries.values() if e.stale and not (e.busy or (self._hands and not self._is_live(e)))
            ]
            asked = self._look_asked or bool(self._touched)
            due = min((entry.due for entry in mine), default=now + PULSE)
            if not (asked or self._hands or self._dirty) and due > now:
                self._settled.set()
        if asked:
            return 0.0
        list_due = self._list_due if self._dirty else now + PULSE
        return max(min(due, list_due, now + (1.0 if self._hands else PULSE)) - now, 0.0)

    def _look(self) -> None:
        """List everything, and see what has changed."""
        began = time.monotonic()
        self._look_asked = False
        found = [source for folder in self._folders for source in sources.listed(folder)]
        paths = {source.path for source in found}
        for entry in [entry for path, entry in list(self._entries.items()) if path not in paths]:
            self._remove(entry)
        for source in found:
            self._add(source)
        for entry in list(self._entries.values()):
            self._check(entry)
        self._looked_at = time.monotonic()
        self._look_cost = self._looked_at - began

    def _look_at(self, changed: str) -> None:
        """What has changed at one place, which may be a part of an input, or hold some."""
        for folder in self._folders:
            if not changed.startswith(folder.prefix):
                continue
            path = folder.path / changed.removeprefix(folder.prefix)
            if path == folder.path and path not in self._entries:
                self._look_asked = True
                continue
            known = next((e for p in (path, *path.parents) if (e := self._entries.get(p))), None)
            if known is not None:
                self._check(known)
                continue
            for entry in [e for p, e in list(self._entries.items()) if path in p.parents]:
                self._check(entry)
            for source in sources.around(folder, path):
                self._add(source)

    def _check(self, entry: Entry) -> None:
        """Whether what is known of an input still holds."""
        try:
            entry.changed = entry.source.path.stat().st_mtime
        except OSError:
            self._remove(entry)
            return
        if not entry.busy and entry.mark != fingerprint(entry.source.path):
            entry.stale = True

    def _feel_pulse(self) -> None:
        """A process that is killed changes no file; and not every link is watched where it leads."""
        if time.monotonic() < self._pulse_due:
            return
        self._pulse_due = time.monotonic() + PULSE
        for entry in [entry for entry in self._entries.values() if entry.running and not entry.stale]:
            if entry.source.path.is_dir() and alive(entry.source.path) is False:
                entry.stale = True
        for entry in [entry for entry in self._entries.values() if entry.is_link]:
            self._check(entry)

    def _said_again(self, path: Path) -> None:
        """There is something new to say of a run though no file has changed."""
        if (entry := self._entries.get(path)) is not None:
            entry.stale = True
            self._wake.set()
            self.tell(entry.source.key)

    def _is_live(self, entry: Entry) -> bool:
        """Whether it is read again and again: somebody looks at it, or it goes on."""
        return entry.source.path in self._desk or entry.running

    def _read_some(self) -> None:
        """Read what is stale: what goes on first, then the newest; with further hands where it is a lot."""
        ends = time.monotonic() + TURN
        with self._lock:
            stale = [e for e in self._entries.values() if e.stale and not e.busy and e.due <= time.monotonic()]
        live = [entry for entry in stale if self._is_live(entry)]
        rest = [entry for entry in stale if not self._is_live(entry)]
        if len(rest) > MANY:
            self._get_hands()
        for entry in [*live, *([] if self._hands else sorted(rest, key=lambda e: -e.changed))]:
            if time.monotonic() < ends:
                self._read(entry, len(live))

    def _read(self, entry: Entry, among: int) -> None:
        began = time.monotonic()
        mark = fingerprint(entry.source.path)
        entry.stale = False  # from here on: what comes meanwhile is a change
        told = self._told(entry.source) if self._is_live(entry) else hands.told(entry.source)
        cost = (time.monotonic() - began) * max(among, 1)
        self._put(entry, mark, told, cost)

    def _told(self, source: Source) -> Told:
        try:
            cases = self._desk.cases(source.path)
        except ReadError as error:
            return Broken(source.key, error.message)
        return rows_of(source.keys(len(cases)), cases, source.folder.sample)

    def _put(self, entry: Entry, mark: int, told: Told, cost: float) -> None:
        with self._lock:
            entry.mark, entry.told, entry.busy = mark, told, False
            entry.due = time.monotonic() + max(1 / RATE, cost / SHARE)
            if entry.source.path in self._entries:
                self._unsaved.add(entry)
            self._dirty = True

    def _get_hands(self) -> None:
        with self._lock:
            if self._hands:
                return
            self._hands = HANDS
        for _ in range(HANDS):
            threading.Thread(target=self._lend_a_hand, daemon=True, name="curvewise-hand").start()

    def _lend_a_hand(self) -> None:
        """Have another process read until nothing is left."""
        try:
            with hands.Hand() as hand:
                while (entry := self._next()) is not None:
                    mark = fingerprint(entry.source.path)
                    self._put(entry, mark, hand.told(entry.source), 0.0)
        finally:
            with self._lock:
                self._hands -= 1
            self._wake.set()

    def _next(self) -> Entry | None:
        """The newest of what is stale and has nobody to read it."""
        with self._lock:
            waiting = [] if self._thread is None else [e for e in self._entries.values() if e.stale and not e.busy]
            found = max((e for e in waiting if not self._is_live(e)), key=lambda e: e.changed, default=None)
            if found is not None:
                found.busy, found.stale = True, False
            return found

    def _publish(self) -> None:
        """A new list, when it would be another one."""
        now = time.monotonic()
        awaited = now < self._patient_until and not self._settled.is_set()
        if not self._dirty or (now < self._list_due and not awaited):
            return
        self._make_list()
        self._list_due = time.monotonic() + (1.0 if self._hands else max(1 / RATE, 10 * (time.monotonic() - now)))
        self.tell("")

    def _make_list(self) -> None:
        with self._lock:
            self._dirty = False
            told = [entry.told for entry in self._entries.values() if entry.told is not None]
        rows = [row for one in told if isinstance(one, tuple) for row in one]
        rows.sort(key=lambda row: (row.sample, -(row.last_time or 0)))
        self._list = rows, [one for one in told if isinstance(one, Broken)]

    def _save(self) -> None:
        self._save_due = time.monotonic() + SAVE
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


def weak(index: Index, name: str) -> Callable[[Path], None]:
    """The method ``name`` of ``index``, for as long as it is there."""
    ref = weakref.ref(index)

    def call(path: Path) -> None:
        if (there := ref()) is not None:
            getattr(there, name)(path)

    return call


def _live(ref: "weakref.ref[Index]", wake: threading.Event) -> None:
    """The thread: ends with the index, or when it is told to stop."""
    me = threading.current_thread()
    while (index := ref()) is not None and index._thread is me:
        wake.clear()
        try:
            pause = index.step()
        except Exception:  # a fault with one run must not end all news
            log.exception("the list of runs could not be brought up to date")
            pause = PULSE
        del index
        wake.wait(pause)
