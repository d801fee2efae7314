"""The folders that are looked into, and the runs and logs in them."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from diagnostics import readers
from diagnostics.readers import archive, registry, walk

ROOT = Path(__file__).resolve().parents[1]
RUNS = "CURVEWISE_RUNS"  # environment variable: the folder of the user's runs


@dataclass(frozen=True)
class Folder:
    """A folder that holds runs; ``prefix`` begins the keys of what lies in it."""

    path: Path
    prefix: str
    sample: bool


@dataclass(frozen=True)
class Source:
    """A run folder or a log in a folder."""

    folder: Folder
    path: Path

    @cached_property
    def key(self) -> str:
        """What addresses call it; a log of several runs numbers them behind it."""
        return self.folder.prefix + self.path.relative_to(self.folder.path).as_posix()

    def keys(self, count: int) -> list[str]:
        """The keys of its runs."""
        return [self.key] if count == 1 else [f"{self.key}#{i}" for i in range(1, count + 1)]


def own() -> Path:
    """The folder of the user's runs."""
    return Path(os.environ.get(RUNS) or ROOT / "runs").expanduser().resolve()


def folders() -> tuple[Folder, ...]:
    """The user's runs, then the samples that make the first screen teach something."""
    return Folder(own(), "", False), Folder(ROOT / "sample_runs", "sample/", True)


def listed(folder: Folder, below: Path | None = None) -> list[Source]:
    """Everything that can be read in ``folder``, or in what lies ``below`` in it."""
    try:
        return [Source(folder, path) for path in readers.sources(below or folder.path)]
    except (readers.ReadError, OSError):
        return []  # no such folder, or nothing in it yet


def around(folder: Folder, changed: Path) -> list[Source]:
    """What can be read at ``changed`` or below, or what it is a part of."""
    inside = changed.relative_to(folder.path).parts
    if any(_is_hidden(name) for name in inside):
        return []
    for depth in range(1, len(inside)):
        path = folder.path.joinpath(*inside[:depth])
        if _is_input(path):
            return listed(folder, path)
    return listed(folder, changed)


def _is_hidden(name: str) -> bool:
    return (name.startswith(".") and name not in walk.HIDDEN_LOGS) or name in walk.NOT_LOGS


def _is_input(path: Path) -> bool:
    try:
        return archive.claims(path) or registry.claimant(path) is not None
    except OSError:
        return True  # listed, so that reading it says why it cannot be opened


def named(folder: Folder, key: str) -> Source | None:
    """The one that ``key`` names, by looking at that place alone; None where there is none."""
    parts = key.removeprefix(folder.prefix).split("/")
    if not key.startswith(folder.prefix) or {"", ".", ".."} & set(parts) or "\0" in key:
        return None
    return next((source for source in around(folder, folder.path.joinpath(*parts)) if source.key == key), None)
