"""Whether a log has changed since it was read, without reading it."""

import os
from pathlib import Path

from collector.verdict import OURS

Fingerprint = int


def fingerprint(path: Path) -> Fingerprint:
    """Changes whenever a file of the run does: names, sizes and times of last change; a watcher's verdict is none of its files."""
    files = [path] if path.is_file() else (Path(root) / f for root, _, names in os.walk(path) for f in names)
    return hash(tuple(sorted(mark for file in files if not OURS.match(file.name) and (mark := _mark(file)))))


def _mark(file: Path) -> tuple[str, int, int] | None:
    try:
        stat = file.stat()
    except OSError:  # removed between listing and asking, as sealed tails are
        return None
    return str(file), stat.st_mtime_ns, stat.st_size
