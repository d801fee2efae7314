"""Watches one folder, whatever becomes of it: by the system's news where those reach, else by looking again and again."""

import errno
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
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
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver
from watchdog.utils.dirsnapshot import DirectorySnapshot

POLL = "CURVEWISE_POLL"  # environment variable: 1 where the system's news do not reach and we do not see it
EVERY = 1.0  # s between two looks
SHARE = 0.05  # of one core, for looking: thousands of runs are looked at more rarely
PROBE = 30.0  # s between two tries whether further folders can be watched
EXHAUSTED = (errno.ENOSPC, errno.EMFILE, errno.ENFILE)
# What another host writes, or a host does under its guest, the kernel here does not hear of.
NETWORKS = frozenset(
    ("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "ceph", "lustre", "beegfs", "gpfs", "glusterfs")
)
REMOTE = NETWORKS | {"9p", "ocfs2", "virtiofs", "vboxsf", "drvfs", "davfs", "fuse"}
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

log = logging.getLogger(__name__)
Hear = Callable[[Path], None]


class Watch(FileSystemEventHandler):
    """Watches the folder at ``path``, which need not be there yet; ``hear`` is called with what changed in it.

    Attributes:
        polling: seconds between two looks; None where the system tells.
    """

    def __init__(self, path: Path, hear: Hear) -> None:
        self.path = path
        self.polling: float | None = None
        self._hear = hear
        self._identity: tuple[int, int] | None = None
        self._observer: BaseObserver | None = None
        self._probe_due = 0.0  # monotonic s
        self._begun = False

    def tend(self) -> None:
        """See that it is watched; to be called every now and then. A folder that went, came, or came again, is a change."""
        identity = _identity(self.path)
        changed = self._begun and (identity != self._identity or not self._is_alive())
        if changed:
            self.close()
        if identity is not None and self._observer is None:
            self._open()
        self._identity, self._begun = identity, True
        if changed:
            self._hear(self.path)
        if self.polling is None and self._observer is not None and time.monotonic() > self._probe_due:
            self._probe()

    def close(self) -> None:
        """Stop watching."""
        observer, self._observer, self.polling = self._observer, None, None
        if observer is not None:
            observer.stop()
            observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Told by watchdog, in a thread of its own."""
        for path in {os.fsdecode(event.src_path), os.fsdecode(event.dest_path)} - {""}:
            self._hear(Path(path))

    def _is_alive(self) -> bool:
        return self._observer is None or all(emitter.is_alive() for emitter in self._observer.emitters)

    def _open(self) -> None:
        if remote(self.path):
            self._poll("its disk is a remote one")
            return
        try:
            self._start(Observer())
        except OSError as error:
            self._fall_back(error)

    def _start(self, observer: BaseObserver) -> None:
        observer.schedule(self, str(self.path), recursive=True, event_filter=CHANGES)
        observer.start()
        self._observer = observer

    def _fall_back(self, error: OSError) -> None:
        if error.errno in EXHAUSTED:
            self._poll(f"{error.strerror}; more: sysctl fs.inotify.max_user_watches")
        elif self.path.is_dir():
            self._poll(error.strerror or str(error))

    def _poll(self, why: str) -> None:
        """Look, as often as looking costs little."""
        self.close()
        began = time.monotonic()
        with suppress(OSError):
            DirectorySnapshot(str(self.path))
            self.polling = max(EVERY, (time.monotonic() - began) / SHARE)
            self._start(PollingObserver(timeout=self.polling))
            log.warning("%s is looked at every %.0f s, because %s", self.path, self.polling, why)

    def _probe(self) -> None:
        """A folder that cannot be watched any more is passed over in silence: try one more."""
        self._probe_due = time.monotonic() + PROBE
        probe = Observer()
        try:
            probe.schedule(FileSystemEventHandler(), str(self.path.parent), event_filter=[DirMovedEvent])
            probe.start()
        except OSError as error:
            if error.errno in EXHAUSTED:
                self._fall_back(error)
        finally:
            if probe.is_alive():
                probe.stop()
                probe.join()


def remote(path: Path, mounts: Path = Path("/proc/mounts")) -> bool:
    """Whether changes at ``path`` may come from elsewhere, so that the system here does not tell of them."""
    if os.environ.get(POLL, "") not in ("", "0"):
        return True
    try:
        lines = [line.split() for line in mounts.read_text(errors="surrogateescape").splitlines()]
    except OSError:
        return False  # not Linux
    found = {Path(where.replace("\\040", " ")): kind for _, where, kind, *_ in lines}
    kind = next((found[place] for place in (path, *path.parents) if place in found), "")
    return kind.partition(".")[0] in REMOTE  # fuse.sshfs, say


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return (stat.st_dev, stat.st_ino) if path.is_dir() else None
