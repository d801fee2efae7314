"""What a reading may cost: size, rows, names and time; and how far it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from diagnostics.readers.errors import ReadError

GIB = 2**30

Show = Callable[[float], None]  # told the share that is done, 0–1


@dataclass
class Limits:
    """Bounds of one reading; a reader calls ``open`` before it reads and ``at`` now and then while it does.

    Attributes:
        most_bytes: of one file.
        most_unpacked: bytes that all files of an archive may have together.
        most_names: different quantities in one log.
        seconds: from the first ``open`` on.
        show: is told how far a long reading is.
    """

    most_bytes: int = 4 * GIB
    most_unpacked: int = 8 * GIB
    most_names: int = 100_000
    seconds: float = 600.0
    show: Show | None = None
    _began: float | None = field(default=None, repr=False)

    def open(self, path: Path) -> int:
        """The size of ``path`` in bytes.

        Raises:
            ReadError: the file is larger than may be read.
        """
        self._began = self._began if self._began is not None else time.monotonic()
        size = path.stat().st_size
        if size > self.most_bytes:
            raise ReadError(path, f"{size:,} bytes are more than the {self.most_bytes:,} that are read; split it")
        return size

    def at(self, path: Path, done: float) -> None:
        """Say that the share ``done`` (0–1) of ``path`` has been read.

        Raises:
            ReadError: the time is over.
        """
        self._began = self._began if self._began is not None else time.monotonic()
        if time.monotonic() - self._began > self.seconds:
            raise ReadError(path, f"not read within {self.seconds:g} s, {done:.0%} was; split it or read it alone")
        if self.show is not None:
            self.show(min(max(done, 0.0), 1.0))

    def names(self, path: Path, many: int) -> None:
        """Check the number of different quantities.

        Raises:
            ReadError: there are more than may be.
        """
        if many > self.most_names:
            raise ReadError(path, f"more than {self.most_names:,} different names: not a training log; name another")
