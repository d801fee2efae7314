"""The runs and logs below a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diagnostics.readers import archive, look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.registry import Reader, claimant

HIDDEN_LOGS = (".aim",)  # folders of logs that a tool hides; others are not looked into
NOT_LOGS = ("__pycache__",)


@dataclass(frozen=True)
class Input:
    """One input, and whose it is; ``reader`` is None for an archive, and for what nobody claims or cannot be opened."""

    path: Path
    reader: Reader | None = None
    is_archive: bool = False


def inputs(path: Path) -> list[Input]:
    """The inputs below ``path``, sorted: itself when it is a log or a file, else every run and log under it.

    What a reader claims as a whole, hidden folders and ``__pycache__`` are not descended into.

    Raises:
        ReadError: there is nothing at ``path``, or no run and no log below it.
    """
    if not path.exists():
        raise ReadError(path, "there is no such file or folder; check the path")
    with look.once(path):
        found = _input(path)
        if found is not None or path.is_file():
            own = found or Input(path)
            return [own, *_sorted(_between(own))]
        found_below = below(path)
    if not found_below:
        raise ReadError(path, "no run and no log below this folder; name one that holds run folders, .csv or .parquet")
    return found_below


def below(folder: Path) -> list[Input]:
    """Every input in ``folder`` and below, sorted, even where it is a log itself."""
    with look.once(folder):
        return _sorted(_below(folder))


def _sorted(found: Iterator[Input]) -> list[Input]:
    return sorted(found, key=lambda one: one.path.parts)


def _below(top: Path, but: Reader | None = None) -> Iterator[Input]:
    """Every input below ``top`` that a reader other than ``but`` claims, and that ``but`` does not read with ``top``."""
    for folder in [f for f in _folders(top) if f.name in HIDDEN_LOGS or _is_open(f.name)]:
        found = _input(folder, but)
        if found is not None:
            yield found
            yield from _between(found)
        elif not folder.is_symlink():
            yield from _below(folder, but)
    for file in _files(top):
        if _is_open(file.name) and not (but is not None and _claims(but, file)):
            found = _input(file, but)
            if found is not None:
                yield found


def _between(one: Input) -> Iterator[Input]:
    """The other logs in a folder of which its reader reads its own files only."""
    if getattr(one.reader, "SHARES", False) and one.path.is_dir():
        yield from _below(one.path, but=one.reader)


def _input(path: Path, but: Reader | None = None) -> Input | None:
    """``path`` as an input; None where it is none."""
    try:
        if archive.claims(path):
            return Input(path, is_archive=True)
        reader = claimant(path, but)
    except OSError:
        return Input(path)  # listed, so that reading it says why it cannot be opened
    return Input(path, reader) if reader else None


def _is_open(name: str) -> bool:
    return not name.startswith(".") and name not in NOT_LOGS


def _claims(reader: Reader, path: Path) -> bool:
    try:
        return reader.claims(path)
    except OSError:
        return False


def _folders(top: Path) -> list[Path]:
    try:
        return look.folders(top)
    except OSError:
        return []


def _files(top: Path) -> list[Path]:
    try:
        return look.files(top)
    except OSError:
        return []
