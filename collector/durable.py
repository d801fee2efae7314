"""Files that appear whole or not at all, and are still there after a power cut."""

import errno
import os
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from collector import locks

TEMPORARY = re.compile(r"^\..+\.tmp$")  # a dot first: readers and pandas ignore it
STALE, STALE_UNLOCKED = (
    60.0,
    86_400.0,
)  # s without a change after which a temporary file is nobody's: a day without locks
NO_SYNC = {errno.EINVAL, errno.EACCES, errno.EPERM, errno.ENOTSUP, errno.EISDIR}  # of folders, on some systems

sync_data: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)  # also of mapped pages; lets other threads run


def write(path: Path, folder: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Let ``fill`` write a temporary file in ``folder`` that then becomes ``path``.

    Content before name: the file's bytes are on the disk before the rename, and the rename before this returns, so what
    the new file replaces may be deleted then.

    Raises:
        OSError: the disk refuses; what was at ``path`` is still there.
    """
    temporary = folder / f".{path.name}.{secrets.token_hex(4)}.tmp"
    try:
        with temporary.open("xb") as file:
            locks.take(file.fileno())  # so that ``sweep`` knows it is in use
            fill(file)
            file.flush()
            os.fsync(file.fileno())
            if os.name == "posix":
                temporary.replace(path)
        if os.name != "posix":
            temporary.replace(path)  # Windows renames no open file
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut, where the system can.

    Raises:
        OSError: the disk refuses.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise


def sweep(folder: Path) -> None:
    """Delete temporary files whose process is gone.

    Raises:
        OSError: the folder cannot be read.
    """
    for path in folder.iterdir():
        if TEMPORARY.match(path.name) and _abandoned(path):
            path.unlink(missing_ok=True)


def _abandoned(path: Path) -> bool:
    try:
        age = time.time() - path.stat().st_mtime
        if age < STALE:
            return False
        with path.open("r+b") as file:
            free = locks.take(file.fileno())
    except OSError:
        return False
    return bool(free) or (free is None and age > STALE_UNLOCKED)


def still_at(handle: int, path: Path) -> bool:
    """Whether the open file is the one that ``path`` names, not one that was deleted or replaced."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
