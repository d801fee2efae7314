"""Where rows go while the run folder refuses them: a run folder of their own among the system's temporary files."""

import contextlib
import shutil
import tempfile
from pathlib import Path

from collector.place import Place


class Refuge:
    """Made when it is needed first, and gone again when nothing had to stay in it."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._place: Place | None = None

    def place(self) -> Place:
        """The folder.

        Raises:
            OSError: the temporary files have no room either.
        """
        if self._place is None:
            self._place = Place(Path(tempfile.mkdtemp(prefix=f"curvewise-{self._run[:50]}-")))
        return self._place

    @staticmethod
    def whereabouts() -> str:
        """The folder of temporary files, for people."""
        try:
            return tempfile.gettempdir()
        except OSError:
            return "memory"

    def remove(self) -> None:
        """Nothing is left in it."""
        place, self._place = self._place, None
        if place is not None:
            with contextlib.suppress(OSError):
                place.release(tidy=True)
            shutil.rmtree(place.folder, ignore_errors=True)
