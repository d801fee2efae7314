"""Layout of a claim: ``.attempt-<n>``, by which a process holds an attempt for as long as it lives.

The file names process and host as JSON, and is locked (``flock``) by the process that made it. It is filled only when it is
locked, and removed when the attempt has ended and left nothing to tidy. So a filled claim of this host that nobody locks
tells of a process that ended without a word; the next attempt tidies up after it (``collector.orphans``).
"""

import json
import os
import re
import socket
import time
import weakref
from pathlib import Path

from collector import durable, locks

CLAIM_NAME = re.compile(r"^\.attempt-(?P<attempt>\d+)$")
GONE = "the process ended without a word (killed?)"  # the exception of an attempt that nobody closed
STALE = 60.0  # s; a claim not filled by then never will be: its process died within the microseconds between


def claim_path(folder: Path, attempt: int) -> Path:
    """Where the claim of an attempt is."""
    return folder / f".attempt-{attempt}"


def claimed(folder: Path) -> dict[int, Path]:
    """The claims in ``folder`` by attempt.

    Raises:
        OSError: it cannot be read.
    """
    found = ((CLAIM_NAME.match(path.name), path) for path in folder.iterdir())
    return {int(match["attempt"]): path for match, path in found if match}


def alive(folder: Path) -> bool | None:
    """Whether a process is writing into the run ``folder`` now: None where that cannot be known.

    That is on another host, on a disk without locks, and where there is no claim. Changes nothing.
    """
    try:
        found = [held(path) for path in claimed(folder).values()]
    except OSError:
        return None
    if True in found:
        return True
    return None if None in found or not found else False


def held(path: Path) -> bool | None:
    """Whether the process that made the claim at ``path`` lives; None where that cannot be known."""
    try:
        with path.open("rb") as file:
            return _verdict(file.fileno(), shared=True)
    except OSError:
        return None


def _verdict(handle: int, *, shared: bool) -> bool | None:
    """See ``held``; when False, the open file is locked."""
    if not _told(handle):
        return None
    free = locks.take(handle, shared=shared)
    return None if free is None else not free


def _told(handle: int) -> bool:
    """Whether an unlocked claim would mean a dead process."""
    os.lseek(handle, 0, os.SEEK_SET)
    raw = os.read(handle, 4096)
    if not raw:
        return time.time() - os.fstat(handle).st_mtime > STALE
    try:
        about = json.loads(raw)
    except ValueError:
        return False
    return isinstance(about, dict) and about.get("locked") is True and about.get("host") == socket.gethostname()


class Claim:
    """A claim that this process holds, by its open file."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path, self._handle = path, handle
        _ours.add(self)

    @property
    def lost(self) -> bool:
        """Whether the file was deleted or replaced: by somebody who moved or deleted the folder."""
        return not durable.still_at(self._handle, self.path)

    def release(self, *, remove: bool) -> None:
        """Let go; ``remove`` the file when the attempt left nothing to tidy, else somebody else will.

        Raises:
            OSError: the file cannot be removed.
        """
        if self._handle < 0:
            return
        try:
            if remove and not self.lost:
                self.path.unlink(missing_ok=True)
        finally:
            handle, self._handle = self._handle, -1
            locks.drop(handle)
            os.close(handle)

    def leave(self) -> None:
        """In a forked child: the lock stays with the parent alone."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


def make(folder: Path, attempt: int) -> Claim:
    """Claim an attempt that nobody has claimed yet.

    Raises:
        FileExistsError: somebody has.
        OSError: the folder cannot be written.
    """
    path = claim_path(folder, attempt)
    claim = Claim(path, os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644))
    try:
        locked = locks.take(claim._handle) is True
        about = {"pid": os.getpid(), "host": socket.gethostname(), "locked": locked}
        os.write(claim._handle, json.dumps(about).encode())
    except OSError:
        claim.release(remove=True)
        raise
    return claim


def take_over(folder: Path, attempt: int) -> Claim | None:
    """The claim of an attempt whose process is gone; None when it lives, or nobody can know, or somebody else has it.

    Raises:
        OSError: the claim cannot be read.
    """
    path = claim_path(folder, attempt)
    handle = os.open(path, os.O_RDWR)
    try:
        if _verdict(handle, shared=False) is False and durable.still_at(handle, path):
            handle, ours = -1, handle
            return Claim(path, ours)
        return None
    finally:
        if handle >= 0:
            os.close(handle)


_ours: "weakref.WeakSet[Claim]" = weakref.WeakSet()


def _in_child() -> None:
    for claim in list(_ours):
        claim.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
