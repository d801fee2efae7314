"""What was found before is not found again: answers on disk, by what they depend on."""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import astuple
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

import diagnostics
from diagnostics import Run
from diagnostics.curve import Curve

HOME = Path("build/score")
SAVE_EVERY = 50  # new answers

T = TypeVar("T")


class Memo:
    """Answers of one kind, kept in one file; ``depends`` names what they depend on beside their key."""

    def __init__(self, kind: str, depends: str, home: Path = HOME) -> None:
        self._file = home / f"{kind}-{hashlib.sha256(depends.encode()).hexdigest()[:16]}.pickle"
        self._kept: dict[str, Any] = pickle.loads(self._file.read_bytes()) if self._file.exists() else {}
        self._new = 0

    def get(self, key: str, find: Callable[[], T]) -> T:
        """The answer kept for ``key``, or that of ``find``, which is then kept."""
        if key not in self._kept:
            self._kept[key] = find()
            self._new += 1
            if self._new % SAVE_EVERY == 0:
                self.save()
        found: T = self._kept[key]
        return found

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def save(self) -> None:
        """Write what is new."""
        if self._new:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(".part")
            part.write_bytes(pickle.dumps(self._kept))
            part.replace(self._file)


@cache
def rules_source() -> str:
    """A hash of everything a verdict depends on beside the run: our sources, but those that read it, and the versions of numpy and pandas."""
    home = Path(diagnostics.__file__).parent
    texts = [path.read_bytes() for path in sorted(home.rglob("*.py")) if home / "readers" not in path.parents]
    versions = "".join(metadata.version(name) for name in ("numpy", "pandas"))
    return hashlib.sha256(b"".join(texts) + versions.encode()).hexdigest()


def fingerprint(run: Run) -> str:
    """A hash of everything in ``run``."""
    found = hashlib.sha256()
    about = (run.name, dict(run.config), run.classes, run.loss, run.state, run.exception, run.resumed_at, run.notes)
    found.update(repr(about).encode() + repr(sorted(run.shapes.items(), key=str)).encode())
    groups = [run.curves, run.superseded, *run.ranks.values(), {"epoch": run.epochs} if run.epochs else {}]
    for number, group in enumerate(groups):
        for tag, curve in sorted(group.items()):
            found.update(f"{number} {tag}".encode() + _bytes(curve))
    if run.layers is not None:
        found.update(pd.util.hash_pandas_object(run.layers).to_numpy().tobytes())
    return found.hexdigest()


def _bytes(curve: Curve) -> bytes:
    return b"".join(array.tobytes() for array in astuple(curve)[1:])
