"""The background thread: fetches accelerator values, seals rows into parts, and lets watchers of the folder know."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from collector import attempts, claims, compact, parts, run_file, schema
from collector.advice import Advice
from collector.guard import Guard
from collector.journal import ON_DISK, WAY_OUT, Arrived, Journal
from collector.layers import Home, Layers
from collector.mapped_tail import Tail
from collector.orphans import Orphans
from collector.place import Place
from collector.rescue import rescue
from collector.standstill import Standstill

TICK = 0.1  # s: a dashboard is to hear of new rows at once, and a look is a few calls to the system
FLUSH = 5.0  # s: a power cut loses at most the rows of this long; each flush costs the disk one write of a few pages
RETRY = 5.0  # s between two tries on a disk that refused
TIDY = 60.0  # s between two looks for what other attempts left behind, or parts to merge
MOST_NOTES = 50  # lines of this attempt kept in run.json
JOIN = 30.0  # s to wait for a background thread that hangs in a device or a network disk
TIDYING = "tidying up after an earlier attempt"
BEGUN_AGAIN = (
    "attempt {} begins at step {}, before or where attempt {} began: its curves replace those. "
    "To keep both, record into another folder; when you resume from a checkpoint, set run.step to its step first."
)


SIDE_BY_SIDE = (
    "attempt {} begins at step {} while attempt {} is still being recorded into the same folder: readers take the curves of the later one. "
    "Record each training into a folder of its own; in a notebook, close() the collector before you make the next."
)


class Writer:
    """Owns everything that touches the disk but the tail's pages."""

    def __init__(
        self,
        place: Place,
        shards: Home,
        journal: Journal,
        guard: Guard,
        about: Mapping[str, Any],
        attempt: Mapping[str, Any],
        advice: Advice,
    ) -> None:
        self._place, self._journal, self._guard, self._advice = place, journal, guard, advice
        self._layers = Layers(place)
        self._shards = self._layers if shards is place else Layers(shards)
        self._standstill = Standstill(guard)
        self._homes = [place, shards] if shards is not place else [place]
        self._orphans = Orphans(place)
        self._about: dict[str, Any] = {"state": schema.RUNNING, "exception": None, "traceback": None, **about}
        self._attempt: dict[str, Any] = dict(attempt)
        self._notes: list[str] = []
        self._told = 0  # rows that watchers were told of
        self._flush_at, self._tidy_at = 0.0, 0.0  # monotonic s
        self._retry_at = 0.0  # monotonic s; before it the disk is left alone
        self._dirty = True  # run.json has yet to be written
        self._compared = False  # with the attempts before
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="curvewise-writer", daemon=True)

    def start(self) -> None:
        """Claim the folder, write ``run.json``, begin the thread."""
        self._disk(self._describe)
        with self._guard("starting the background thread", "Rows are sealed when the run is closed."):
            self._thread.start()

    def describe(self, about: Mapping[str, Any]) -> None:
        """More for ``run.json``; mappings are merged."""
        for key, value in about.items():
            old = self._about.get(key)
            self._about[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
        self._dirty = True

    def note(self, text: str) -> None:
        """A remark for ``run.json``, once."""
        if text not in self._notes:
            self._notes = [*self._notes, text][-MOST_NOTES:]
            self._dirty = True

    def close(self, changes: Mapping[str, Any]) -> None:
        """Write everything out, merge the parts and record how the run ended (``changes`` to ``run.json``)."""
        with self._journal.let_go():
            self._stop.set()
            if self._thread.is_alive():
                self._thread.join(JOIN)
                if self._thread.is_alive():
                    raise TimeoutError(f"the background thread did not end in {JOIN:.0f} s; rows stay in the tail")
            self._about |= changes
            self._attempt["ended_at"] = time.time()
            self._dirty, self._retry_at = True, 0.0
            self._finish()

    def _finish(self) -> None:
        self._disk(self._work, True)
        self._disk(self._merge, compact.settle)
        self._disk(compact.widen, self._place.folder)
        self._disk(self._describe)
        layers = [self._layers] if self._shards is self._layers else [self._layers, self._shards]
        rescue(self._place, self._journal, layers, self._about, self._guard)
        self._disk(self._release)

    def _loop(self) -> None:
        while True:
            with self._guard("working in the background", "It tries again at once."):
                self._look()
            if self._stop.wait(TICK):
                return

    def _look(self) -> None:
        """Everything that is due now."""
        self._advice.look(self._attempt.get("started_at"), self._journal.first_step)
        now = time.monotonic()
        if now >= self._retry_at:
            self._disk(self._work)
        self._tell()
        if now >= self._flush_at:
            self._flush_at = now + FLUSH
            self._disk(self._flush)
        if now >= max(self._tidy_at, self._retry_at):
            self._tidy_at = now + TIDY
            self._disk(self._merge, compact.compact)
            with self._guard(TIDYING, "Its rows can be read where they are."):
                self._orphans.tidy()

    def _disk(self, work: Callable[..., object], *args: Any) -> None:
        """Do ``work``; when it fails, warn once and leave the disk alone for a while."""
        try:
            work(*args)
        except Exception as error:
            self._retry_at = time.monotonic() + RETRY
            self._guard.failed(self._where, error, WAY_OUT.format(self._journal.refuge.whereabouts()))

    @property
    def _where(self) -> str:
        return f"{ON_DISK} in {self._place.folder}"

    def _work(self, everything: bool = False) -> None:
        if not self._at_home():
            self._journal.leave()
        taken = self._journal.take(everything)
        tails = taken.tails
        try:
            for row in taken.arrived:
                with self._guard("fetching values from the accelerator", "These values are missing from the run."):
                    self._fill(row)
            if tails:
                self._seal(tails)
                while tails:
                    tails.pop(0).delete()
        finally:
            self._journal.give_back(tails)
        self._layers.flush(everything)
        self._shards.flush(everything)
        self._journal.come_home()
        if self._dirty or self._attempt.get("first_step") != self._journal.first_step:
            self._describe()
        self._guard.recovered(self._where)

    def _seal(self, tails: Sequence[Tail]) -> None:
        blocks = [tail.rows() for tail in tails]
        parts.seal(self._place.folder, self._place.claim(), blocks)
        if lost := sum(block.lost for block in blocks):
            error = OSError(f"{lost:,} rows were gone from the tail, which somebody else has changed")
            self._guard.failed("sealing rows", error, "The others are kept.")

    def _at_home(self) -> bool:
        """Whether the folder is still the one we began to write into; says so when it is not."""
        try:
            self._place.check()
        except OSError as error:
            way_out = "Recording goes on in a new folder of that name."
            self._guard.failed(f"finding {self._place.folder}", error, way_out)
            self._dirty = True
            return False
        return True

    def _flush(self) -> None:
        for tail in self._journal.tails:
            tail.sync()
        self._place.sync()

    def _fill(self, row: Arrived) -> None:
        columns = row.tail.columns
        for tag, value in row.later.items():
            if tag in columns:
                row.tail.fill(row.index, tag, value.floats()[0])
        if row.seen is None:
            return
        for norms in [n for n in (sample.norms() for sample in row.seen.samples) if n is not None]:
            self._layers.add(row.step, norms.where(shard=False))
            self._shards.add(row.step, norms.where(shard=True))
        self._standstill.see(row.step, row.seen.whole)
        if row.seen.totals:
            for tag, total in row.seen.sums().items():
                if tag in row.seen.totals and tag in columns:
                    row.tail.fill(row.index, tag, total)

    def _describe(self) -> None:
        number = self._place.claim()
        if self._attempt.get("attempt") != number:
            self._attempt = {**attempts.new(number), **self._attempt, "attempt": number}
        self._attempt["first_step"] = self._journal.first_step
        self._dirty = False
        try:
            content = run_file.update(self._place.folder, self._about, self._attempt, self._notes)
        except Exception:
            self._dirty = True
            raise
        self._compare(content)

    def _compare(self, content: Mapping[str, Any]) -> None:
        """Say so when this attempt replaces an earlier one from its beginning: perhaps nobody meant to resume.

        Two that go on at once are no resume, which the run's readers are told too.
        """
        first, number = self._journal.first_step, self._attempt["attempt"]
        if self._compared or first is None:
            return
        self._compared = True
        if (earlier := attempts.begun_again(attempts.of(content), number, first)) is None:
            return
        if claims.held(claims.claim_path(self._place.folder, earlier)):
            self.note(SIDE_BY_SIDE.format(number, first, earlier))
            self._guard.say(SIDE_BY_SIDE.format(number, first, earlier))
        else:
            self._guard.say(BEGUN_AGAIN.format(number, first, earlier))

    def _merge(self, how: Callable[[Path, str, int], None]) -> None:
        for home in self._homes:
            for kind in (schema.SCALARS, schema.LAYERS):
                how(home.folder, kind, home.claim())

    def _release(self) -> None:
        tidy = not self._dirty and not any(map(self._place.holds, self._journal.tails))
        self._place.release(tidy=tidy)
        if not self._journal.tails:
            self._journal.refuge.remove()

    def _tell(self) -> None:
        """Pages of a mapped file change silently, so write one byte over itself: inotify says IN_MODIFY.

        A new modification time would not do: it is IN_ATTRIB, which watchdog 7 no longer reports as modified.
        """
        tails, rows = self._journal.tails, self._journal.rows
        try:
            if tails:
                tails[-1].check()
            if tails and rows != self._told:
                tails[-1].touch()
                self._told = rows
        except OSError as error:
            if self._at_home():
                self._guard.failed(self._where, error, WAY_OUT.format(self._journal.refuge.whereabouts()))
            self._journal.leave()
