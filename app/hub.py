"""Knows within a blink which run's files changed, and tells the index and every open browser.

A change becomes the run's path below its folder; each listener gets the changed paths, gathered so that the server stays quick
(``app/throttle.py``). The empty path says that the list of runs is another one.
"""

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache, partial
from itertools import takewhile
from pathlib import Path

from app import library
from app.index import Index
from app.library import Folder
from app.throttle import Throttle
from app.watch import Watch
from collector.verdict import OURS

TICK = 0.5  # s between two looks whether the folders are still there: one question a folder
MISSED = 10.0  # s before a page was drawn: what it shows was read some time before
REMEMBERED = 60.0  # s: no page takes longer to begin to listen
LINKS = 64  # runs that are links to elsewhere and watched there: each takes two threads


class Listener:
    """One open browser tab: the changes it has not been told yet."""

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._news = asyncio.Event()

    def hear(self, changed: str) -> None:
        """Note a change; called from any thread."""
        with self._lock:
            first = not self._changed
            self._changed.add(changed)
        if first:
            with suppress(RuntimeError):  # the server is going down
                self._loop.call_soon_threadsafe(self._news.set)

    async def changes(self) -> AsyncIterator[list[str]]:
        """Changed paths, at once when quiet, else gathered for as long as the throttle says."""
        while True:
            await self._news.wait()
            self._news.clear()
            with self._lock:
                changed, self._changed = sorted(self._changed), set()
            yield changed
            await asyncio.sleep(self._throttle.pause)


class Hub:
    """The watches and the listeners.

    Attributes:
        ready: set when every folder that is there is watched.
    """

    def __init__(self, folders: Sequence[Folder], index: Index | None = None) -> None:
        self._folders, self._index = folders, index
        self._listeners: set[Listener] = set()
        self._throttle = Throttle()
        self._recent: dict[str, float] = {}  # when a path last changed, s since 1970
        self._lock = threading.Lock()
        self._watches = {folder.path: Watch(folder.path, partial(self._hear, folder)) for folder in folders}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._tend, daemon=True, name="curvewise-hub")
        self.ready = threading.Event()

    def start(self) -> None:
        """Begin to watch; a folder that is not there yet is waited for."""
        if self._index is not None:
            self._index.tell = self._pass_on
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        self._thread.join()
        for watch in self._watches.values():
            watch.close()
        if self._index is not None:
            self._index.stop()

    def listen(self, since: float = math.inf) -> Listener:
        """A new listener, to be handed back to ``leave``. It hears at once what changed before, about ``since`` (s since 1970) or later."""
        listener = Listener(self._throttle)
        self._listeners.add(listener)
        with self._lock:
            missed = [changed for changed, at in self._recent.items() if at > since - MISSED]
        for changed in missed:
            listener.hear(changed)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        self._listeners.discard(listener)

    def tell(self, changed: str) -> None:
        """The files at ``changed`` are others now."""
        if self._index is not None:
            self._index.touch(changed)
        self._pass_on(changed)

    def _pass_on(self, changed: str) -> None:
        now = time.time()
        with self._lock:
            self._recent.pop(changed, None)  # the oldest stand first
            self._recent[changed] = now
            for path in [*takewhile(lambda path: self._recent[path] < now - REMEMBERED, self._recent)]:
                del self._recent[path]
        for listener in list(self._listeners):
            listener.hear(changed)

    def _hear(self, folder: Folder, changed: Path) -> None:
        """Something changed at a path in ``folder``: tell the run's, for a file in it that of the folder it lies in."""
        if OURS.match(changed.name):
            return  # the verdict of a watcher: the page judges for itself, and nothing else of the run has changed
        below = changed.relative_to(folder.path)
        self.tell(folder.prefix + ("" if not below.name else (below.parent if below.parent.name else below).as_posix()))

    def _tend(self) -> None:
        """In the thread for it."""
        while not self._stopped.is_set():
            for watch in self._watches.values():
                watch.tend()
            if self._index is not None:
                if not self.ready.is_set():
                    self._index.watched(True)
                self._follow_links(self._index)
            self.ready.set()
            self._throttle.look()
            self._stopped.wait(TICK)

    def _follow_links(self, index: Index) -> None:
        """Watch runs that are links to folders elsewhere, where they lie."""
        linked = {source.path: source for source in index.links()[:LINKS]}
        followed = {path for path in self._watches if path not in {folder.path for folder in self._folders}}
        for path in followed - linked.keys():
            self._watches.pop(path).close()
        for path in linked.keys() - followed:
            self._watches[path] = Watch(path.resolve(), partial(self._hear_of, linked[path].key))

    def _hear_of(self, key: str, changed: Path) -> None:
        if not OURS.match(changed.name):
            self.tell(key)


@lru_cache(maxsize=1)
def hub() -> Hub:
    """The one hub of this server."""
    return Hub(library.folders(), library.index())


@asynccontextmanager
async def watching(_app: object) -> AsyncIterator[None]:
    """The server's lifespan: watch while it is up."""
    hub().start()
    try:
        yield
    finally:
        hub().stop()
