"""Where an attempt writes: the run folder, and the attempt number that this process alone holds."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from collector import run_file, schema
from collector.tail import Tail

CLAIM = ".attempt-"  # an empty file a process creates exclusively; gone after a clean close


class Place:
    """A run folder and this process' attempt in it; the attempt is claimed when the disk first lets us."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.attempt: int | None = None

    def claim(self) -> int:
        """The attempt number of this process: one more than any in the folder, never shared with another process.

        Raises:
            OSError: the folder cannot be made or written.
        """
        if self.attempt is None:
            (self.folder / schema.SCALARS).mkdir(parents=True, exist_ok=True)
            number = max(self._taken(), default=0) + 1
            while not _create(self.folder / f"{CLAIM}{number}"):
                number += 1
            self.attempt = number
        return self.attempt

    def tail(self, first: int, tags: Sequence[str]) -> Tail:
        """A new tail of this attempt on disk.

        Raises:
            OSError: see ``claim``, or no room.
        """
        return Tail(self.folder / schema.tail_name(self.claim(), first), first, tags)

    def release(self) -> None:
        """Remove the claim: the parts and ``run.json`` show the attempt from now on."""
        if self.attempt is not None:
            (self.folder / f"{CLAIM}{self.attempt}").unlink(missing_ok=True)

    def _taken(self) -> Iterator[int]:
        for path in [*self.folder.iterdir(), *(self.folder / schema.SCALARS).iterdir()]:
            match = schema.PART_NAME.match(path.name) or schema.TAIL_NAME.match(path.name)
            if match:
                yield int(match["attempt"])
            elif path.name.startswith(CLAIM) and path.name[len(CLAIM) :].isdigit():
                yield int(path.name[len(CLAIM) :])
        yield from (a["attempt"] for a in run_file.attempts(run_file.read(self.folder)))


def _create(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    except FileExistsError:
        return False
    return True
