"""Which runs there are and what the list shows of each: kept up to date in the background, and only where something changed."""

import logging
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from app import hands, index_store, sources
from app.desk import Desk
from app.entries import Entries, Entry
from app.row import Broken, Case, Row, Told, rows_of
from app.sources import Folder, Source
from collector.claims import alive
from diagnostics.readers import ReadError
from diagnostics.readers.fingerprint import fingerprint

FEW = 100  # inputs that are looked at whenever somebody asks, where no news come: some 10 ms
PATIENCE = 1.0  # s that a page waits for what it asked for; after that it shows what is known
REST = 3.0  # s at least between two looks at many inputs
HEAL = 300.0  # s between two looks at everything where news come: some may be lost
SHARE = 0.1  # of one core, for looking at everything, and for reading what changes again and again
MANY = 64  # inputs to read that are worth another process, which takes a second to begin
PULSE = 2.0  # s between two looks at the runs that go on, and at those somebody looks at
ALONE = 60.0  # s after which nobody looks any more: what changes is then read ten times more rarely
SAVE = 5.0  # s between two writings to disk
TURN = 0.5  # s of reading, before news are heard again
RATE = 4.0  # lists a second, and one while most is still unread: every open list is drawn again

log = logging.getLogger(__name__)


class Index:
    """The inputs in ``folders``. Its thread lives as long as it does.

    Attributes:
        tell: called with the key of a run of which there is something new to say though no file has changed, and with
            nothing when the list is another one.
    """

    def __init__(self, folders: Sequence[Folder], store: index_store.Store | None = None) -> None:
        self.tell: Callable[[str], None] = lambda changed: None
        self._folders = folders
        self._entries = Entries(store or index_store.default())
        self._desk = Desk(_weak(self))
        self._crew = hands.Crew(self._lend, self._entries.put)
        self._list: tuple[list[Row], list[Broken]] = [], []
        self._touched: set[str] = set()
        self._watched, self._look_asked, self._look_cost = False, True, 0.0  # s
        self._looked_at = self._asked_at = float("-inf")  # monotonic s
        self._pulse_due = self._save_due = self._list_due = 0.0  # monotonic s
        self._patient_until = time.monotonic() + PATIENCE
        self._wake, self._settled, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None

    def rows(self) -> tuple[list[Row], list[Broken]]:
        """What the list shows: the same two lists for as long as nothing has changed."""
        self._ask()
        return self._list

    def progress(self) -> tuple[int, int]:
        """How many of the inputs have been read, and how many there are."""
        return self._entries.progress()

    def case(self, key: str) -> Case | None:
        """The run called ``key`` as it is now; None where there is none."""
        self._ask()
        if (source := self._source(key)) is None:
            return None
        try:
            cases = self._desk.cases(source.path)
        except ReadError:
            return None
        return dict(zip(source.keys(len(cases)), cases, strict=True)).get(key)

    def links(self) -> list[Source]:
        """The inputs that are links to elsewhere."""
        return [entry.source for entry in self._entries.all() if entry.is_link]

    def touch(self, changed: str) -> None:
        """The files at ``changed``, a path below a folder behind its prefix, are others now."""
        self._touched.add(changed)
        self._wake.set()

    def watched(self, on: bool) -> None:
        """Whether ``touch`` is told of every change from now on; what changed before is looked for once more."""
        self._watched, self._look_asked = on, True
        self._begin()
        self._wake.set()

    def stop(self) -> None:
        """Write down what is known, and end."""
        with self._lock:
            thread, self._thread = self._thread, None
        self._wake.set()
        thread.join() if thread else None
        self._entries.save()

    def _source(self, key: str) -> Source | None:
        """What ``key`` names; a run may be asked for before everything is listed."""
        for base in (key, key.rpartition("#")[0]):
            entry = self._entries.called(base)
            found = [entry.source] if entry else [s for folder in self._folders if (s := sources.named(folder, base))]
            if found:
                return found[0]
        return None

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._entries.remember(self._folders)
                self._list = self._entries.lists()
                arguments = weakref.ref(self), self._wake
                self._thread = threading.Thread(target=_live, args=arguments, daemon=True, name="curvewise-index")
                self._thread.start()

    def _ask(self) -> None:
        """Where no news come, look again; wait a moment for what is being found out."""
        self._begin()
        now = self._asked_at = time.monotonic()
        rest = 0.0 if len(self._entries) <= FEW else max(REST, self._look_cost / SHARE)
        if not self._watched and now >= self._looked_at + rest:
            self._patient_until = now + PATIENCE
            self._settled.clear()
            self._look_asked = True
            self._wake.set()
        if not (self._watched and self._list[0]):
            self._settled.wait(max(self._patient_until - time.monotonic(), 0.0))

    def step(self) -> float:
        """Do what is due, in the thread for it; seconds until something will be."""
        rest = max(HEAL, self._look_cost / SHARE)
        if self._look_asked or (self._watched and time.monotonic() > self._looked_at + rest):
            self._look()
        while self._touched:
            self._look_at(self._touched.pop())
        self._feel_pulse()
        self._read_some()
        self._publish()
        if time.monotonic() >= self._save_due:
            self._entries.save()
            self._save_due = time.monotonic() + SAVE
        return self._pause()

    def _pause(self) -> float:
        """Seconds until something is due; whoever waits for the list is told when nothing is."""
        now = time.monotonic()
        asked = self._look_asked or bool(self._touched)
        due = min((entry.due for entry in self._mine()), default=now + PULSE)
        if not (asked or self._crew.at_work or self._entries.changed) and due > now:
            self._settled.set()
        list_due = self._list_due if self._entries.changed else now + PULSE
        return 0.0 if asked else max(min(due, list_due, now + (1.0 if self._crew.at_work else PULSE)) - now, 0.0)

    def _look(self) -> None:
        """List everything, and see what has changed."""
        began = time.monotonic()
        self._look_asked = False
        found = [source for folder in self._folders for source in sources.listed(folder)]
        paths = {source.path for source in found}
        for entry in self._entries.all():
            if entry.source.path not in paths:
                self._entries.remove(entry)
        for source in found:
            self._entries.add(source)
        for entry in self._entries.all():
            self._check(entry)
        self._looked_at = time.monotonic()
        self._look_cost = self._looked_at - began

    def _look_at(self, changed: str) -> None:
        """What has changed at one place, which may be a part of an input, or hold some."""
        for folder in self._folders:
            if not changed.startswith(folder.prefix):
                continue
            path = folder.path / changed.removeprefix(folder.prefix)
            known = next((entry for p in (path, *path.parents) if (entry := self._entries.at(p))), None)
            if known is not None:
                self._check(known)
            elif path == folder.path:
                self._look_asked = True
            else:
                self._look_below(folder, path)

    def _look_below(self, folder: Folder, path: Path) -> None:
        for entry in self._entries.all():
            if path in entry.source.path.parents:
                self._check(entry)
        for source in sources.around(folder, path):
            self._entries.add(source)

    def _check(self, entry: Entry) -> None:
        """Whether what is known of an input still holds."""
        try:
            entry.changed = entry.source.path.stat().st_mtime
        except OSError:
            self._entries.remove(entry)
            return
        if not entry.busy and entry.mark != fingerprint(entry.source.path):
            entry.stale = True

    def _feel_pulse(self) -> None:
        """What is live, all the same whether news come: a killed process sends none, of many runs some come late or are lost."""
        began = time.monotonic()
        if began < self._pulse_due:
            return
        for entry in self._entries.all():
            if entry.is_link or (self._is_live(entry) and not entry.stale):
                self._check(entry)
                entry.stale |= entry.running and alive(entry.source.path) is False
                self.tell(entry.source.key) if entry.stale else None
        self._pulse_due = time.monotonic() + max(PULSE, (time.monotonic() - began) / SHARE)

    def said_again(self, path: Path) -> None:
        """There is something new to say of the run at ``path`` though no file has changed."""
        if (entry := self._entries.at(path)) is not None:
            entry.stale = True
            self._wake.set()
            self.tell(entry.source.key)

    def _is_live(self, entry: Entry) -> bool:
        """Whether it is read again and again: somebody looks at it, or it goes on."""
        return entry.source.path in self._desk or entry.running

    def _mine(self) -> list[Entry]:
        """What is to be read here: everything, or what is live while others read the rest; what goes on first."""
        stale = [entry for entry in self._entries.all() if entry.stale and not entry.busy]
        live = [entry for entry in stale if self._is_live(entry)]
        rest = [] if self._crew.at_work else [entry for entry in stale if not self._is_live(entry)]
        return [*live, *sorted(rest, key=lambda entry: -entry.changed)]

    def _read_some(self) -> None:
        """Read what is stale, with further hands where it is a lot."""
        ends = time.monotonic() + TURN
        mine = [entry for entry in self._mine() if entry.due <= time.monotonic()]
        live = sum(map(self._is_live, mine))
        if len(mine) - live > MANY:
            self._crew.come()
            mine = mine[:live]
        for entry in mine:
            if time.monotonic() < ends:
                self._read(entry, among=max(live, 1))

    def _read(self, entry: Entry, among: int) -> None:
        began = time.monotonic()
        mark = fingerprint(entry.source.path)
        entry.stale = False  # from here on: what comes meanwhile is a change
        told = self._told(entry.source) if self._is_live(entry) else hands.told(entry.source)
        now = time.monotonic()
        share = SHARE if now < self._asked_at + ALONE else SHARE / 10
        self._entries.put(entry, mark, told, now + max(1 / RATE, (now - began) * among / share))

    def _told(self, source: Source) -> Told:
        try:
            cases = self._desk.cases(source.path)
        except ReadError as error:
            return Broken(source.key, error.message)
        return rows_of(source.keys(len(cases)), cases, source.folder.sample)

    def _lend(self) -> tuple[Entry, int] | None:
        """Something for another process to read, with its fingerprint; None when nothing is left."""
        entry = self._entries.take(lambda entry: not self._is_live(entry)) if self._thread else None
        return (entry, fingerprint(entry.source.path)) if entry else None

    def _publish(self) -> None:
        """A new list, when it would be another one."""
        now = time.monotonic()
        awaited = now < self._patient_until and not self._settled.is_set()
        if not self._entries.changed or (now < self._list_due and not awaited):
            return
        self._list = self._entries.lists()
        cost = time.monotonic() - now
        self._list_due = now + (1.0 if self._crew.at_work else max(1 / RATE, cost / SHARE))
        self.tell("")


def _weak(index: Index) -> Callable[[Path], None]:
    """``said_again``, for as long as the index is there."""
    ref = weakref.ref(index)

    def said_again(path: Path) -> None:
        if (there := ref()) is not None:
            there.said_again(path)

    return said_again


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
