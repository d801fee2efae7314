"""Where an attempt writes: the run folder, and the attempt number that this process alone holds."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from collector import claims, durable, run_file, schema
from collector.mapped_tail import Tail
from collector.tail import read


class Place:
    """A run folder and this process' attempt in it; the attempt is claimed when the disk first lets us."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._claim: claims.Claim | None = None
        self._attempt = 0
        self._lock = threading.RLock()  # a signal handler may close the run while this thread claims
        self._unsynced: set[Path] = set()  # folders that have got new names

    def claim(self) -> int:
        """The attempt number of this process: one more than any in the folder, never shared with another process.

        Raises:
            OSError: the folder cannot be made or written.
        """
        with self._lock:
            if self._claim is None:
                self._claim = self._new()
            return self._attempt

    def _new(self) -> claims.Claim:
        made = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
        (self.folder / schema.SCALARS).mkdir(parents=True, exist_ok=True)
        self._unsynced |= {self.folder, *(path.parent for path in made)}
        self._attempt = max(self._taken(), default=0)
        while True:
            self._attempt += 1
            try:
                return claims.make(self.folder, self._attempt)
            except FileExistsError:
                continue  # somebody was quicker

    def tail(self, first: int, tags: Sequence[str], room: int) -> Tail:
        """A new tail of this attempt on disk, for ``room`` rows or as many as a tail may hold.

        Raises:
            OSError: see ``claim``, or no room.
        """
        path = self.folder / schema.tail_name(self.claim(), first)
        self._unsynced |= {self.folder}
        try:
            return Tail(path, first, tags, room)
        except FileExistsError:
            if len(read(path).numbers):
                raise
            path.unlink()  # of ours, without a row: Ctrl-C struck while it was made
            return Tail(path, first, tags, room)

    def holds(self, tail: Tail) -> bool:
        """Whether the rows of ``tail`` are in this folder."""
        return tail.path is not None and tail.path.parent == self.folder

    def sync(self) -> None:
        """Make the names of new files survive a power cut.

        Raises:
            OSError: the disk refuses.
        """
        unsynced, self._unsynced = self._unsynced, set()
        for folder in unsynced:
            durable.sync_folder(folder)

    def check(self) -> None:
        """See that the folder is still the one we claimed an attempt in; otherwise the next ``claim`` begins anew.

        Raises:
            OSError: it is not, or cannot be looked at.
        """
        with self._lock:
            if self._claim is None or not self._claim.lost:
                return
            claim, self._claim = self._claim, None
            claim.release(remove=False)
        raise FileNotFoundError("the run folder was moved, deleted or replaced")

    def release(self, *, tidy: bool) -> None:
        """Give the attempt back; when it is ``tidy``, parts and ``run.json`` say all and the claim goes too.

        Raises:
            OSError: the claim cannot be removed.
        """
        with self._lock:
            claim, self._claim = self._claim, None
        if claim is not None:
            claim.release(remove=tidy)

    def _taken(self) -> Iterator[int]:
        yield from claims.claimed(self.folder)
        for path in [*self.folder.iterdir(), *(self.folder / schema.SCALARS).iterdir()]:
            if match := schema.PART_NAME.match(path.name) or schema.TAIL_NAME.match(path.name):
                yield int(match["attempt"])
        yield from (entry["attempt"] for entry in run_file.attempts(run_file.read(self.folder)))
