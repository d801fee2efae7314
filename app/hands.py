"""Further processes that read and judge runs, so that thousands of them neither take minutes nor hold up a page.

``python -m app.hands`` is such a process: each line it is told names a log, each line it answers is what the list shows of it.
It ends when nobody speaks to it any more.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from app.entries import Entry
from app.row import Broken, Case, Told, from_text, rows_of, to_text
from app.sources import Folder, Source
from diagnostics import readers
from diagnostics.engine import diagnose

ROOT = Path(__file__).resolve().parents[1]
HANDS = max(1, min(8, (os.cpu_count() or 2) - 1))
LOST = "reading it ended the process that read it (out of memory?)"


def told(source: Source) -> Told:
    """What the list shows of ``source``, which is read and judged here and now, and forgotten."""
    runs, errors = readers.read_all([source.path])
    if errors and not runs:
        return Broken(source.key, errors[0].message)
    return rows_of(source.keys(len(runs)), [Case(run, diagnose(run)) for run in runs], source.folder.sample)


class Hand:
    """One further process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def told(self, source: Source) -> Told:
        """See above. A log that ends the process says so."""
        process = self._process or self._start()
        self._process = process
        folder = source.folder
        question = str(source.path), str(folder.path), folder.prefix, folder.sample
        assert process.stdin is not None and process.stdout is not None
        answer = ""
        with suppress(OSError):
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        with suppress(ValueError, TypeError):  # as half an answer is
            return from_text(answer)
        self._end()
        return Broken(source.key, LOST)

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", __name__]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
        )

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            with suppress(OSError), self._process:
                pass  # its pipes are closed, whoever broke them
        self._process = None


class Crew:
    """As many of them as the machine has cores to spare, for as long as ``lend`` has something to read.

    ``lend`` gives an entry and the fingerprint of its files; ``take_back`` gets both back, with what was told.
    """

    def __init__(
        self, lend: Callable[[], tuple[Entry, int] | None], take_back: Callable[[Entry, int, Told], None]
    ) -> None:
        self._lend, self._take_back = lend, take_back
        self._lock = threading.Lock()
        self._count = 0

    @property
    def at_work(self) -> bool:
        """Whether they are reading."""
        return self._count > 0

    def come(self) -> None:
        """Begin to read, unless they do already."""
        with self._lock:
            if self._count:
                return
            self._count = HANDS
        for _ in range(HANDS):
            threading.Thread(target=self._work, daemon=True, name="curvewise-hand").start()

    def _work(self) -> None:
        try:
            with Hand() as hand:
                while (lent := self._lend()) is not None:
                    self._take_back(*lent, hand.told(lent[0].source))
        finally:
            with self._lock:
                self._count -= 1


def _answer() -> None:
    """Answer questions until there are none."""
    if hasattr(os, "nice"):
        os.nice(5)  # a page goes first, and the training
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)  # what anybody prints is no answer
        for line in sys.stdin:
            path, folder, prefix, sample = json.loads(line)
            found = told(Source(Folder(Path(folder), prefix, sample), Path(path)))
            out.write(to_text(found) + "\n")
            out.flush()


if __name__ == "__main__":
    _answer()
