"""The rows of an attempt as they are logged: numbered, put into the current tail at once, handed on for sealing."""

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collector.guard import Guard
from collector.place import Place
from collector.seen import Seen
from collector.tail import Tail
from collector.values import Later

ON_DISK = "writing to disk"
WAY_OUT = "Rows are kept in memory and written when the folder accepts them; check its permissions and free space."
MAX_WAITING = 32  # tails of about 1 MB held while the disk refuses: a bound on memory
MAX_ARRIVED = 100_000  # rows whose device values may wait: a bound on device memory when the device hangs
NONE: Mapping[str, Later] = {}
SEAL_ROWS = 5_000  # rows: a part worth a file
SEAL_SECONDS, SEAL_FEW = 60.0, 100  # after a minute a part of 100 rows is worth it too


@dataclass(frozen=True)
class Arrived:
    """A row whose accelerator values, or whose per-layer samples, the background thread has yet to store."""

    tail: Tail
    index: int
    step: int
    later: Mapping[str, Later]
    seen: Seen | None


@dataclass
class Taken:
    """What the background thread took over: resolve ``arrived`` first, then seal ``tails``."""

    arrived: deque[Arrived] = field(default_factory=lambda: deque(maxlen=MAX_ARRIVED))
    tails: list[Tail] = field(default_factory=list)


class Journal:
    """Appends rows from any thread; under 1 µs a row of four values, never a wait for the disk but for a new tail."""

    def __init__(self, place: Place, guard: Guard) -> None:
        self._place, self._guard = place, guard
        self._lock = threading.Lock()
        self._tail: Tail | None = None
        self._since = time.monotonic()  # s; when the current tail was begun
        self._taken = Taken()
        self._tags: tuple[str, ...] = ()  # of the last tail: a tag once logged keeps its column
        self.first_step: int | None = None
        self.rows = 0

    def append(
        self,
        step: int,
        epoch: float | None,
        tags: tuple[str, ...],
        values: Sequence[float],
        later: Mapping[str, Later] = NONE,
        seen: Seen | None = None,
    ) -> None:
        """Store a row with one value for each of ``tags``.

        What ``later`` and the samples of ``seen`` promise is filled in by the background thread.
        """
        wall_time = time.time()
        with self._lock:
            tail = self._tail
            if tail is None or tail.count >= tail.capacity or ((later or seen) and not _holds(tail, later, seen)):
                tail = self._rotate([*tags, *later, *_promised(seen)])
            try:
                index = tail.append(step, epoch, wall_time, tags, values)
            except KeyError:
                tail = self._rotate([*tags, *later, *_promised(seen)])
                index = tail.append(step, epoch, wall_time, tags, values)
            self.rows += 1
            if self.first_step is None:
                self.first_step = step
            if later or seen:
                self._taken.arrived.append(Arrived(tail, index, step, later, seen))

    def take(self, everything: bool = False) -> Taken:
        """The work for the background thread; ``everything`` also ends the current tail, as at close."""
        with self._lock:
            if everything or self._worth_sealing():
                self._retire()
            taken, self._taken = self._taken, Taken()
        return taken

    def give_back(self, tails: list[Tail]) -> None:
        """Tails that could not be sealed: they wait; the oldest are let go beyond a bound (on disk they stay readable)."""
        with self._lock:
            self._taken.tails = tails + self._taken.tails
            self._bound()

    def to_disk(self) -> None:
        """When the current tail is only in memory, try to go on in a file."""
        with self._lock:
            if self.in_memory:
                self._rotate([])

    @property
    def in_memory(self) -> bool:
        """Whether the current tail is not on disk, because the disk refused."""
        return self._tail is not None and self._tail.path is None

    @property
    def tail(self) -> Tail | None:
        """The current tail, for looking only."""
        return self._tail

    def _worth_sealing(self) -> bool:
        if self._tail is None:
            return False
        waited = time.monotonic() - self._since
        return self._tail.count >= SEAL_ROWS or (self._tail.count >= SEAL_FEW and waited > SEAL_SECONDS)

    def _retire(self) -> tuple[str, ...]:
        tail, self._tail = self._tail, None
        if tail is not None:
            self._tags = tail.tags
            if tail.count:
                self._taken.tails.append(tail)
                self._bound()
            else:
                tail.delete()  # its successor begins at the same row and takes its name
        return self._tags

    def _bound(self) -> None:
        """Tails on disk wait as long as it takes; those in memory, where the disk refused, are limited."""
        waiting = [tail for tail in self._taken.tails if tail.path is None]
        for tail in waiting[: max(0, len(waiting) - MAX_WAITING)]:
            self._taken.tails.remove(tail)
            tail.close()

    def _rotate(self, tags: Sequence[str]) -> Tail:
        wanted = list(dict.fromkeys([*self._retire(), *tags]))
        self._since = time.monotonic()
        self._tail = self._open(wanted)
        return self._tail

    def _open(self, tags: list[str]) -> Tail:
        try:
            return self._place.tail(self.rows, tags)
        except OSError as error:
            self._guard.failed(f"{ON_DISK} in {self._place.folder}", error, WAY_OUT)
            return Tail(None, self.rows, tags)


def _promised(seen: Seen | None) -> Sequence[str]:
    """Tags whose values are computed from the samples when these have arrived."""
    return seen.totals if seen else ()


def _holds(tail: Tail, later: Mapping[str, Later], seen: Seen | None) -> bool:
    """Whether the tail has a column for what will be filled in."""
    return tail.columns.keys() >= later.keys() | set(_promised(seen))
