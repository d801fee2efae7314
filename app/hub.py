"""Knows within a blink which run's files changed, and tells every open browser.

One watchdog observer watches the folders of runs. A change becomes the run's path below its folder; each listener gets
the changed paths, gathered so that it hears at most ``RATE`` times a second.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from app import library
from app.library import Folder
from collector.verdict import OURS

RATE = 4.0  # messages a second and listener: the eye asks no more, and a redraw takes about 0.1 s
# Not opened, not closed-without-writing: those are our own reading, and answering them would never end.
CHANGES: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileClosedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]


class Listener:
    """One open browser tab: the changes it has not been told yet."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed: set[str] = set()
        self._news = asyncio.Event()

    def hear(self, changed: str) -> None:
        """Note a change; called from the observer's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._note, changed)

    async def changes(self) -> AsyncIterator[list[str]]:
        """Changed paths, at once when quiet, else gathered over 1 / ``RATE`` seconds."""
        while True:
            await self._news.wait()
            changed, self._changed = sorted(self._changed), set()
            self._news.clear()
            yield changed
            await asyncio.sleep(1 / RATE)

    def _note(self, changed: str) -> None:
        self._changed.add(changed)
        self._news.set()


class Hub(FileSystemEventHandler):
    """The observer and its listeners."""

    def __init__(self, folders: list[Folder]) -> None:
        self._folders = folders
        self._listeners: set[Listener] = set()
        self._observer = Observer()

    def start(self) -> None:
        """Begin to watch; a folder that is not there yet is waited for."""
        for folder in self._folders:
            self._watch(folder)
        self._observer.start()

    def stop(self) -> None:
        """Stop watching."""
        self._observer.stop()
        self._observer.join()

    def listen(self) -> Listener:
        """A new listener, to be handed back to ``leave``."""
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        self._listeners.discard(listener)

    def tell(self, changed: str) -> None:
        """Pass a changed path on to every listener."""
        for listener in list(self._listeners):
            listener.hear(changed)

    def _watch(self, folder: Folder) -> None:
        if folder.path.is_dir():
            self._observer.schedule(_Below(self, folder), str(folder.path), recursive=True, event_filter=CHANGES)
        else:
            parent = next(p for p in folder.path.parents if p.is_dir())
            self._observer.schedule(_Birth(self, folder), str(parent), event_filter=[DirCreatedEvent, DirMovedEvent])


class _Below(FileSystemEventHandler):
    """Turns events below a folder into changed paths."""

    def __init__(self, hub: Hub, folder: Folder) -> None:
        self._hub, self._folder = hub, folder

    def on_any_event(self, event: FileSystemEvent) -> None:
        for path in {str(event.src_path), str(event.dest_path)} - {""}:
            below = Path(path).relative_to(self._folder.path)
            if OURS.match(below.name):
                continue  # the verdict of a watcher: the page judges for itself, and nothing else of the run has changed
            self._hub.tell(self._folder.prefix + (below.parent if below.parent.name else below).as_posix())


class _Birth(FileSystemEventHandler):
    """Waits for a folder that does not exist yet."""

    def __init__(self, hub: Hub, folder: Folder) -> None:
        self._hub, self._folder = hub, folder
        self._found = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        if not self._found and self._folder.path.is_dir():
            self._found = True
            self._hub._watch(self._folder)
            self._hub.tell(self._folder.prefix)


@lru_cache(maxsize=1)
def hub() -> Hub:
    """The one hub of this server."""
    return Hub(library.folders())


@asynccontextmanager
async def watching(_app: object) -> AsyncIterator[None]:
    """The server's lifespan: watch while it is up."""
    hub().start()
    try:
        yield
    finally:
        hub().stop()
