"""The background thread: fetches accelerator values, seals rows into parts, and lets watchers of the folder know."""

import threading
import time
from collections.abc import Mapping
from typing import Any

from collector import parts, run_file, schema
from collector.guard import Guard
from collector.journal import ON_DISK, WAY_OUT, Arrived, Journal
from collector.layers import Layers
from collector.place import Place
from collector.ranks import Share
from collector.tail import Tail

TICK = 0.25  # s: a dashboard is to hear of new rows within half a second
RETRY = 5.0  # s between two tries on a disk that refused
MANY_PARTS = 32  # small parts that are worth merging while the run goes on: reading 32 takes a few tens of ms
MOST_NOTES = 50  # lines kept in run.json
JOIN = 30.0  # s to wait for a background thread that hangs in a device or a network disk


class Writer:
    """Owns everything that touches the disk but the tail's pages."""

    def __init__(
        self,
        place: Place,
        shards: Place | Share,
        journal: Journal,
        guard: Guard,
        about: Mapping[str, Any],
        attempt: Mapping[str, Any],
    ) -> None:
        self._place, self._journal, self._guard = place, journal, guard
        self._layers = Layers(place)
        self._shards = self._layers if shards is place else Layers(shards)
        self._about: dict[str, Any] = {"state": schema.RUNNING, "exception": None, "traceback": None, **about}
        self._attempt: dict[str, Any] = dict(attempt)
        self._told = 0  # rows that watchers were told of
        self._retry_at = 0.0  # monotonic s; before it the disk is left alone
        self._dirty = True  # run.json has yet to be written
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
        notes = self._about.get("notes", [])
        if text not in notes:
            self._about["notes"] = [*notes, text][-MOST_NOTES:]
            self._dirty = True

    def close(self, changes: Mapping[str, Any]) -> None:
        """Write everything out, merge the parts and record how the run ended (``changes`` to ``run.json``)."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(JOIN)
            if self._thread.is_alive():
                raise TimeoutError(f"the background thread did not end in {JOIN:.0f} s; rows stay in the tail")
        self._about |= changes
        self._attempt["ended_at"] = time.time()
        self._dirty, self._retry_at = True, 0.0
        self._disk(self._work, True)
        self._disk(self._tidy)
        self._disk(self._describe)
        self._disk(self._place.release)

    def _loop(self) -> None:
        while not self._stop.wait(TICK):
            if time.monotonic() >= self._retry_at:
                self._disk(self._work)
            self._tell()

    def _disk(self, work: Any, *args: Any) -> None:
        """Do ``work``; when it fails, warn once and leave the disk alone for a while."""
        where = f"{ON_DISK} in {self._place.folder}"
        try:
            work(*args)
        except Exception as error:
            self._retry_at = time.monotonic() + RETRY
            self._guard.failed(where, error, WAY_OUT)

    def _work(self, everything: bool = False) -> None:
        taken = self._journal.take(everything)
        try:
            for row in taken.arrived:
                with self._guard("fetching values from the accelerator", "These values are missing from the run."):
                    self._fill(row)
            while taken.tails:
                self._seal(taken.tails[0])
                taken.tails.pop(0)
        finally:
            self._journal.give_back(taken.tails)
        self._layers.flush(everything)
        self._shards.flush(everything)
        self._journal.to_disk()
        if self._dirty or self._attempt.get("first_step") != self._journal.first_step:
            self._describe()
        if not everything:
            self._compact()
        if not self._journal.in_memory:
            self._guard.recovered(f"{ON_DISK} in {self._place.folder}")

    def _fill(self, row: Arrived) -> None:
        for tag, value in row.later.items():
            row.tail.fill(row.index, tag, value.floats()[0])
        if row.seen is None:
            return
        for norms in [n for n in (sample.norms() for sample in row.seen.samples) if n is not None]:
            self._layers.add(row.step, norms.where(shard=False))
            self._shards.add(row.step, norms.where(shard=True))
        if row.seen.totals:
            for tag, total in row.seen.sums().items():
                if tag in row.seen.totals:
                    row.tail.fill(row.index, tag, total)

    def _seal(self, tail: Tail) -> None:
        name = schema.part_name(self._place.claim(), tail.first, tail.first + tail.count - 1)
        parts.write(self._place.folder, schema.SCALARS, name, tail.rows().table)
        tail.delete()

    def _describe(self) -> None:
        self._attempt = run_file.new_attempt(self._place.claim()) | self._attempt
        self._attempt["first_step"] = self._journal.first_step
        self._dirty = False
        try:
            run_file.update(self._place.folder, self._about, self._attempt)
        except Exception:
            self._dirty = True
            raise

    def _compact(self) -> None:
        for kind in (schema.SCALARS, schema.LAYERS):
            found = parts.of_attempt(self._place.folder, kind, self._place.claim())
            if sum(part.rows < parts.MERGED_ROWS // 2 for part in found) > MANY_PARTS:
                parts.merge(self._place.folder, kind, self._place.claim())

    def _tidy(self) -> None:
        for kind in (schema.SCALARS, schema.LAYERS):
            parts.merge(self._place.folder, kind, self._place.claim())
        parts.widen(self._place.folder)

    def _tell(self) -> None:
        """Pages of a mapped file change silently, so write one byte over itself: inotify says IN_MODIFY.

        A new modification time would not do: it is IN_ATTRIB, which watchdog 7 no longer reports as modified.
        """
        tail, rows = self._journal.tail, self._journal.rows
        if tail is not None and tail.path is not None and rows != self._told:
            self._told = rows
            with self._guard("telling watchers of new rows", "An open dashboard refreshes late; no row is lost."):
                tail.touch()
