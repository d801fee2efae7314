"""Which runs there are and what is said about each: read once, diagnosed once, and again only when its files change."""

from functools import lru_cache

from app import sources
from app.index import Index
from app.row import Broken, Case, Row, Setting, row, settings
from app.sources import ROOT, RUNS, Folder, folders, own

__all__ = [
    "ROOT",
    "RUNS",
    "Broken",
    "Case",
    "Folder",
    "Row",
    "Setting",
    "case",
    "folders",
    "index",
    "keys",
    "own",
    "progress",
    "row",
    "rows",
    "settings",
]


def rows() -> tuple[list[Row], list[Broken]]:
    """Every run, newest first and samples last, and every input that could not be read.

    Both lists are shared, and new ones when something has changed. While runs are read for the first time, see
    ``progress``, those that have been read.
    """
    return index().rows()


def progress() -> tuple[int, int]:
    """How many of the inputs have been read, and how many there are."""
    return index().progress()


def keys() -> list[str]:
    """The key of every run that can be read, in the order of ``rows``."""
    return [row.key for row in rows()[0]]


def case(key: str) -> Case | None:
    """The run called ``key`` as it is now, or None: only what the folders list is ever opened."""
    return index().case(key)


def index() -> Index:
    """The index of the folders as they are named now."""
    return _index(sources.folders())


@lru_cache(maxsize=1)
def _index(folders: tuple[Folder, ...]) -> Index:
    return Index(folders)
