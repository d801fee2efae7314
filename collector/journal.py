"""The rows of an attempt as they are logged: numbered, put into the current tail at once, handed on for sealing."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from collector.guard import Guard
from collector.mapped_tail import MAX_ROWS, MIN_ROWS, Tail
from collector.place import Place
from collector.refuge import Refuge
from collector.seen import Seen
from collector.values import Later

ON_DISK = "writing to disk"
WAY_OUT = "Rows are kept in {} until the folder accepts them; check its permissions and free space."
MOST_ASTRAY = 64 << 20  # bytes of tails kept while the folder refuses: some 800,000 rows of five values
MAX_ARRIVED = 100_000  # rows whose device values may wait: a bound on device memory when the device hangs
MOST_TAGS = 2_000  # columns: class-wise metrics of ImageNet fit; names made up at every step end here
NONE: Mapping[str, Later] = {}
SEAL_ROWS, SEAL_TAILS = 5_000, 32  # rows worth a file; tails that each new tag leaves behind
SEAL_SECONDS, SEAL_FEW = 60.0, 100  # after a minute a part of 100 rows is worth it too
GROWTH = 8  # times the room of the tail before: the first of a set of tags are small, made in a tenth of a millisecond


@dataclass(frozen=True)
class Arrived:
    """A row whose accelerator values, or whose per-layer samples, the background thread has yet to store."""

    tail: Tail
    index: int
    step: int
    later: Mapping[str, Later]
    seen: Seen | None


@dataclass(frozen=True)
class Taken:
    """What the background thread took over: resolve ``arrived`` first, then seal ``tails``."""

    arrived: deque[Arrived]
    tails: list[Tail]


class Journal:
    """Appends rows from any thread; under 1 µs a row of four values, never a wait for the disk but for a new tail."""

    def __init__(self, place: Place, guard: Guard) -> None:
        self._place, self._guard = place, guard
        self.refuge = Refuge(place.folder.name)
        self._lock = threading.RLock()
        self._owned: Callable[[], bool] = self._lock._is_owned  # type: ignore[attr-defined]  # by this very thread
        self._nested: deque[tuple[Any, ...]] = deque()  # rows of a signal handler that struck within ``append``
        self._tail: Tail | None = None
        self._before = 0  # rows before the current tail
        self._room = MIN_ROWS
        self._since = time.monotonic()  # s; when rows were last handed on for sealing
        self._arrived: deque[Arrived] = deque(maxlen=MAX_ARRIVED)
        self._waiting: list[Tail] = []  # full tails, not yet sealed
        self._tags: tuple[str, ...] = ()  # of the last tail: a tag once logged keeps its column
        self._refused, self._ended = False, False  # the last sealing failed; the run is closed
        self.first_step: int | None = None
        self.lost = 0  # rows let go because nothing would take them

    def append(self, step: int, epoch: float | None, tags: tuple[str, ...], values: Sequence[float]) -> None:
        """Store a row with one value for each of ``tags``.

        Raises:
            RuntimeError: the run was closed meanwhile.
        """
        wall_time = time.time()
        if self._owned():  # a signal handler logs in the middle of ``append``: its row comes after the one under way
            self._nested.append((step, epoch, wall_time, tags, values, NONE, None))
            return
        with self._lock:
            tail = self._tail
            if tail is None or tail.count >= tail.capacity or self._nested:
                self._put(step, epoch, wall_time, tags, values, NONE, None)
                self._unnest()
                return
            try:
                tail.append(step, epoch, wall_time, tags, values)
            except KeyError:
                self._put(step, epoch, wall_time, tags, values, NONE, None)

    def append_with(
        self,
        step: int,
        epoch: float | None,
        tags: tuple[str, ...],
        values: Sequence[float],
        later: Mapping[str, Later],
        seen: Seen | None,
    ) -> None:
        """The same, and what ``later`` and the samples of ``seen`` promise is filled in by the background thread.

        Raises:
            RuntimeError: see ``append``.
        """
        row = step, epoch, time.time(), tags, values, later, seen
        if self._owned():
            self._nested.append(row)
            return
        with self._lock:
            self._put(*row)
            self._unnest()

    def _put(
        self,
        step: int,
        epoch: float | None,
        wall_time: float,
        tags: tuple[str, ...],
        values: Sequence[float],
        later: Mapping[str, Later],
        seen: Seen | None,
    ) -> None:
        tail = self._tail
        if tail is None or tail.count >= tail.capacity or ((later or seen) and not _holds(tail, later, seen)):
            tail = self._with_columns([*tags, *later, *_promised(seen)])
        try:
            index = tail.append(step, epoch, wall_time, tags, values)
        except KeyError:
            tail = self._with_columns([*tags, *later, *_promised(seen)])
            index = tail.append(step, epoch, wall_time, *self._known(tail, tags, values))
        if self.first_step is None:
            self.first_step = step
        if later or seen:
            self._arrived.append(Arrived(tail, index, step, later, seen))

    def _unnest(self) -> None:
        while self._nested:
            self._put(*self._nested.popleft())

    @contextmanager
    def let_go(self) -> Iterator[None]:
        """Let the background thread have the lock, should this be a signal handler that struck within ``append``."""
        owned = self._owned()
        state = self._lock._release_save() if owned else None  # type: ignore[attr-defined]
        try:
            yield
        finally:
            if owned:
                self._lock._acquire_restore(state)  # type: ignore[attr-defined]

    @property
    def rows(self) -> int:
        """Rows so far, by the tail itself: Ctrl-C may strike between any two lines."""
        tail = self._tail
        return self._before if tail is None else tail.first + tail.count

    def take(self, everything: bool = False) -> Taken:
        """The work for the background thread; ``everything`` ends the journal, as at close."""
        with self._lock:
            self._unnest()
            tails: list[Tail] = []
            if everything or self._worth_sealing():
                if everything or not self._refused:
                    self._retire()
                tails, self._waiting, self._since = self._waiting, [], time.monotonic()
                self._refused = False
            self._ended |= everything
            arrived, self._arrived = self._arrived, deque(maxlen=MAX_ARRIVED)
        return Taken(arrived, tails)

    def give_back(self, tails: list[Tail]) -> None:
        """Tails that could not be sealed wait: in the run folder as long as it takes, elsewhere within a bound."""
        for tail in tails:
            if self._place.holds(tail):
                tail.close()  # hundreds of them must not use up the process' open files
        with self._lock:
            self._waiting = tails + self._waiting
            self._refused = bool(tails)
            self._bound()

    def come_home(self) -> None:
        """Go on in the run folder, when the current tail is elsewhere.

        Raises:
            OSError: the folder still refuses; nothing has changed.
        """
        with self._lock:
            if self._tail is not None and self.astray:
                new = self._place.tail(self.rows, self._tail.tags, self._room)
                self._retire()
                self._tail = new

    def leave(self) -> None:
        """Go on in another tail: something happened to the file of the current one."""
        with self._lock:
            if self._tail is not None:
                self._rotate(self._tail.tags)

    @property
    def astray(self) -> bool:
        """Whether the current tail is not in the run folder, because that refused."""
        tail = self._tail
        return tail is not None and not self._place.holds(tail)

    @property
    def tails(self) -> list[Tail]:
        """Tails that hold rows, the current one last, for looking only."""
        with self._lock:
            return [*self._waiting, *([] if self._tail is None else [self._tail])]

    def _worth_sealing(self) -> bool:
        rows = self.rows - (self._waiting[0].first if self._waiting else self._before)
        late = time.monotonic() - self._since > SEAL_SECONDS
        return (
            rows >= SEAL_ROWS
            or len(self._waiting) >= SEAL_TAILS
            or (late and rows >= SEAL_FEW)
            or not all(map(self._place.holds, self._waiting))
        )

    def _retire(self) -> None:
        """The current tail waits for sealing. No calls between the assignments: Ctrl-C cannot part them."""
        tail = self._tail
        if tail is None:
            return
        if not tail.count:
            self._tail = None
            tail.delete()  # its successor begins at the same row and takes its name
            return
        self._tags = tail.tags
        self._before = tail.first + tail.count
        self._tail = None
        self._waiting += [tail]

    def _bound(self) -> None:
        astray = [tail for tail in self._waiting if not self._place.holds(tail)]
        size = sum(tail.length for tail in astray)
        while size > MOST_ASTRAY:
            tail = astray.pop(0)
            size -= tail.length
            self._waiting.remove(tail)
            self.lost += tail.count
            tail.delete()

    def _with_columns(self, tags: Iterable[str]) -> Tail:
        """A tail with room that has a column for each of ``tags``, as far as there may be columns."""
        tail = self._tail
        wanted = tuple(dict.fromkeys([*(tail.tags if tail else self._tags), *tags]))[:MOST_TAGS]
        if tail is not None and tail.count < tail.capacity and wanted == tail.tags:
            return tail
        return self._rotate(wanted)

    def _rotate(self, tags: tuple[str, ...]) -> Tail:
        if self._ended:
            raise RuntimeError("the run is closed")
        old = self._tail
        if tags != (old.tags if old else self._tags):
            self._room = MIN_ROWS
        elif old is not None and old.full:
            self._room = min(self._room * GROWTH, MAX_ROWS)
        self._retire()
        self._bound()
        self._tail = new = self._open(tags)
        return new

    def _open(self, tags: Sequence[str]) -> Tail:
        try:
            return self._place.tail(self._before, tags, self._room)
        except OSError as error:
            try:
                tail = self.refuge.place().tail(self._before, tags, self._room)
            except OSError:
                tail = Tail(None, self._before, tags, self._room)
            where = f"{ON_DISK} in {self._place.folder}"
            self._guard.failed(where, error, WAY_OUT.format(self.refuge.whereabouts() if tail.path else "memory"))
            return tail

    def _known(self, tail: Tail, tags: tuple[str, ...], values: Sequence[float]) -> tuple[tuple[str, ...], list[float]]:
        """The row without the tags that have no column because there are too many."""
        found = {tag: value for tag, value in zip(tags, values, strict=True) if tag in tail.columns}
        if len(found) < len(tags):
            error = ValueError(f"more than {MOST_TAGS:,} tags")
            self._guard.failed("logging further tags", error, "Log under fixed names; the new ones are left out.")
        return tuple(found), [*found.values()]


def _promised(seen: Seen | None) -> Sequence[str]:
    """Tags whose values are computed from the samples when these have arrived."""
    return seen.totals if seen else ()


def _holds(tail: Tail, later: Mapping[str, Later], seen: Seen | None) -> bool:
    """Whether the tail has a column for what will be filled in."""
    return tail.columns.keys() >= later.keys() | set(_promised(seen))
