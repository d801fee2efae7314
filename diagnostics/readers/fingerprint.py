"""Whether a log has changed since it was read, without reading it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from collector.verdict import OURS

Fingerprint = int


def fingerprint(path: Path) -> Fingerprint:
    """Changes whenever a file of the run does: names, sizes and times of last change; a watcher's verdict is none of its files.

    The same in every process, so that what is known of a run can be kept on disk.
    """
    marks = sorted(_file(path) if path.is_file() else _below(str(path)))
    told = repr(marks).encode(errors="surrogateescape")
    return int.from_bytes(blake2b(told, digest_size=8).digest())


def _file(path: Path) -> Iterator[tuple[str, int, int]]:
    with suppress(OSError):
        stat = path.stat()
        yield str(path), stat.st_mtime_ns, stat.st_size


def _below(folder: str) -> Iterator[tuple[str, int, int]]:
    """A mark of each file; what was removed between listing and asking, as sealed tails are, has none."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if not entry.is_symlink():
                    yield from _below(entry.path)
            elif not OURS.match(entry.name):
                with suppress(OSError):
                    stat = entry.stat()
                    yield entry.path, stat.st_mtime_ns, stat.st_size
