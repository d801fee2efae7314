"""What lies at a path, looked at once for all the readers that are asked about it.

``claims`` asks here and not the disk. Within ``once()`` an answer stands until the end, so that listing thousands of logs lists
each folder and opens each file once, however many readers there are; outside, every question goes to the disk.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

HEAD = 1 << 16  # bytes of a file that tell what it holds
NAMELESS = ("", ".", "..")
FOLDERS, HEADS = 20_000, 16  # that are remembered: readers come back to a folder, hardly ever to a file

Kind = Literal["folder", "file", "neither", "unknown"]  # unknown: only the disk can say, as of some links
Entries = Mapping[str, Kind]  # by name


@dataclass
class _Seen:
    entries: dict[str, Entries | None] = field(default_factory=dict)  # by folder; None for one that cannot be listed
    heads: dict[Path, bytes] = field(default_factory=dict)


_seen: ContextVar[_Seen | None] = ContextVar("seen", default=None)


@contextmanager
def once(top: Path) -> Iterator[None]:
    """Within, every path below ``top`` is looked at once; the folder around ``top``, however large, is not listed."""
    around, name = os.path.split(top)
    fresh = _Seen({} if name in NAMELESS else {around: None})
    before = _seen.set(_seen.get() or fresh)
    try:
        yield
    finally:
        _seen.reset(before)


def is_dir(path: Path) -> bool:
    """Whether ``path`` is a folder, or a link to one.

    Raises:
        OSError: it may not be looked at.
    """
    kind = _kind(path)
    return path.is_dir() if kind == "unknown" else kind == "folder"


def is_file(path: Path) -> bool:
    """Whether ``path`` is a file, or a link to one.

    Raises:
        OSError: it may not be looked at.
    """
    kind = _kind(path)
    return path.is_file() if kind == "unknown" else kind == "file"


def head(path: Path) -> bytes:
    """The first ``HEAD`` bytes of the file ``path``.

    Raises:
        OSError: it cannot be opened.
    """
    seen = _seen.get()
    if seen is None:
        return _head(path)
    if path not in seen.heads:
        _make_room(seen.heads, HEADS)
        seen.heads[path] = _head(path)
    return seen.heads[path]


def names(folder: Path) -> list[str]:
    """The names right in ``folder``, sorted; none where there is no such folder.

    Raises:
        OSError: it cannot be listed.
    """
    return sorted(_all(folder))


def files(folder: Path, start: str = "", end: str = "") -> list[Path]:
    """The files right in ``folder`` whose names begin and end so, by name; none where there is no such folder.

    Raises:
        OSError: it cannot be listed.
    """
    return [folder / n for n, kind in _some(folder, start, end) if kind == "file" or _is(kind, Path.is_file, folder, n)]


def folders(folder: Path, start: str = "") -> list[Path]:
    """As ``files``, the folders in it."""
    return [folder / n for n, kind in _some(folder, start) if kind == "folder" or _is(kind, Path.is_dir, folder, n)]


def _some(folder: Path, start: str, end: str = "") -> list[tuple[str, Kind]]:
    return sorted((n, kind) for n, kind in _all(folder).items() if n.startswith(start) and n.endswith(end))


def _is(kind: Kind, wanted: Callable[[Path], bool], folder: Path, name: str) -> bool:
    return kind == "unknown" and wanted(folder / name)


def _all(folder: Path) -> Entries:
    entries = _entries_of(str(folder))
    return _listed(str(folder)) if entries is None else entries  # says why it cannot be listed


def _kind(path: Path) -> Kind:
    folder, name = os.path.split(path)
    entries = None if name in NAMELESS else _entries_of(folder)
    return "unknown" if entries is None else entries.get(name, "neither")


def _entries_of(folder: str) -> Entries | None:
    """What is in ``folder``, nothing where there is none; None where it cannot be listed."""
    seen = _seen.get()
    if seen is None:
        return None
    if folder not in seen.entries:
        _make_room(seen.entries, FOLDERS)
        above, name = os.path.split(folder)
        known = None if name in NAMELESS else seen.entries.get(above)
        missing = known is not None and known.get(name, "neither") in ("file", "neither")
        seen.entries[folder] = {} if missing else _try_list(folder)
    return seen.entries[folder]


def _try_list(folder: str) -> Entries | None:
    try:
        return _listed(folder)
    except OSError:
        return None


def _listed(folder: str) -> Entries:
    try:
        with os.scandir(folder or os.curdir) as entries:
            return {entry.name: _kind_of(entry) for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return {}


def _kind_of(entry: os.DirEntry[str]) -> Kind:
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else "neither"
    except OSError:
        return "unknown"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _make_room(kept: dict[str, Entries | None] | dict[Path, bytes], most: int) -> None:
    if len(kept) >= most:
        kept.clear()
