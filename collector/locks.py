"""Locks of the operating system: held by an open file, and gone with the process, however that ends."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nobody there knows who is alive, and leftovers are left to the reader
    fcntl = None  # type: ignore[assignment]

PATIENCE = 2.0  # s to wait for others who write run.json; rather a race than never to write
PAUSE = 0.005  # s


def take(handle: int, *, shared: bool = False) -> bool | None:
    """Lock an open file without waiting.

    True: it is ours until the file is closed. False: somebody else has it, in this process or another. None: there are no
    locks here.
    """
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # e.g. a network disk without a lock service
        return None
    return True


def drop(handle: int) -> None:
    """Unlock: closing alone would not while a forked child has the file open too."""
    if fcntl is not None:
        try:
            fcntl.flock(handle, fcntl.LOCK_UN)
        except OSError:
            return


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One at a time among those who change ``folder`` under this lock, across processes, as far as there are locks.

    Raises:
        OSError: there is no such folder.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        end = time.monotonic() + PATIENCE
        while take(handle) is False and time.monotonic() < end:
            time.sleep(PAUSE)
        yield
    finally:
        drop(handle)
        os.close(handle)
