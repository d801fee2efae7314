"""The runs that somebody looks at, whole in memory: all tabs share one reading and one judgement of each."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.row import Case
from collector.claims import alive
from collector.schema import RUNNING
from diagnostics import readers
from diagnostics.engine import diagnose
from diagnostics.readers import run_folder
from diagnostics.readers.fingerprint import fingerprint
from diagnostics.run import Run

MOST_BYTES = 250_000_000  # of runs in memory; what is measured of them takes as much again, and 1 GB is to be enough
READ_SHARE = 0.2  # of one core, for reading a run again while it grows
JUDGE_SHARE = 0.1  # of one core, for judging runs that grow, all together
QUICK = 0.1  # s: judged where it is asked for; what takes longer is judged beside, and told when it is done

Tell = Callable[[Path], None]


class Budget:
    """Keeps work that comes up again and again to a share of one core."""

    def __init__(self, share: float) -> None:
        self._share, self._free_at = share, 0.0

    @property
    def wait(self) -> float:
        """Seconds until there is time again."""
        return max(self._free_at - time.monotonic(), 0.0)

    def spend(self, seconds: float) -> None:
        """Note that so much was used."""
        self._free_at = max(self._free_at, time.monotonic()) + seconds / self._share


class Desk:
    """The runs on it; ``tell`` hears of a run about which there is something new to say though no file has changed."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._opened: dict[Path, Opened] = {}
        self._judging = Budget(JUDGE_SHARE)
        self._judge = ThreadPoolExecutor(1, "curvewise-judge")

    def __contains__(self, path: Path) -> bool:
        return path in self._opened

    def cases(self, path: Path) -> tuple[Case, ...]:
        """The runs of the log at ``path`` as it is now, or was a moment ago where reading it takes long.

        Raises:
            ReadError: it cannot be read.
        """
        with self._lock:
            opened = self._opened.pop(path, None) or Opened(path, self._tell, self._judging, self._judge)
            self._opened[path] = opened  # the last in line
        try:
            return opened.cases()
        except readers.ReadError:
            with self._lock:
                self._opened.pop(path, None)
            raise
        finally:
            self._clear()

    def _clear(self) -> None:
        """Take away what was looked at the longest ago, until the rest fits."""
        with self._lock:
            sizes = {path: opened.size for path, opened in self._opened.items()}
            for path in list(sizes)[:-1]:
                if sum(sizes.values()) > MOST_BYTES:
                    del self._opened[path], sizes[path]


class Opened:
    """One log on the desk."""

    def __init__(self, path: Path, tell: Tell, judging: Budget, judge: ThreadPoolExecutor) -> None:
        self.size = 0  # bytes
        self._path, self._tell, self._judging, self._judge = path, tell, judging, judge
        self._lock = threading.Lock()  # whoever comes second finds it read
        self._followed = run_folder.Followed(path) if run_folder.claims(path) else None
        self._cases: tuple[Case, ...] = ()
        self._mark: object = None
        self._reading = Budget(READ_SHARE)
        self._cost = 0.0  # s, of the last judgement
        self._judged_beside = False
        self._alarm: threading.Timer | None = None

    def cases(self) -> tuple[Case, ...]:
        """See ``Desk.cases``."""
        with self._lock:
            if not self._cases or not self._reading.wait:
                self._look()
            else:
                self._come_back(self._reading.wait)
            if any(case.as_of is not None for case in self._cases):
                self._judge_again()
            return self._cases

    def _look(self) -> None:
        """Read, when something has changed; a process that is killed changes no file."""
        mark = fingerprint(self._path), self._running and alive(self._path) is False
        if mark == self._mark:
            return
        worked = time.thread_time()  # on a busy machine less than it takes
        runs = self._read()
        self._mark, self.size = mark, sum(map(_size, runs))
        if self._cases:  # the first time it is read whole
            self._reading.spend(time.thread_time() - worked)
        self._take(runs)

    def _read(self) -> list[Run]:
        if self._followed is not None:
            return [self._followed.read()]
        runs, errors = readers.read_all([self._path])
        if errors and not runs:
            raise errors[0]
        return runs

    @property
    def _running(self) -> bool:
        return any(case.run.state == RUNNING for case in self._cases)

    def _take(self, runs: list[Run]) -> None:
        """Show ``runs`` at once, with what was said of them last. What is new is judged first, what has ended at once."""
        states = [case.run.state for case in self._cases]
        if len(runs) != len(states):
            self._cases = self._judged(runs)
            return
        self._cases = tuple(
            Case(run, case.report, case.run.last_step if case.as_of is None else case.as_of)
            for run, case in zip(runs, self._cases, strict=True)
        )
        if states != [run.state for run in runs]:
            self._judge_soon()

    def _judge_again(self) -> None:
        """Judge what has grown, when it pays; else come back when it does."""
        if wait := self._judging.wait:
            self._come_back(wait)
        else:
            self._judge_soon()

    def _judge_soon(self) -> None:
        """Now where that takes a moment, else beside."""
        if self._cost < QUICK:
            self._cases = self._judged([case.run for case in self._cases])
        elif not self._judged_beside:
            self._judged_beside = True
            self._judge.submit(self._beside, [case.run for case in self._cases])

    def _beside(self, runs: list[Run]) -> None:
        """In the thread for it."""
        found = self._judged(runs)
        with self._lock:
            self._judged_beside = False
            if len(found) == len(self._cases):
                self._cases = tuple(map(_with_report, self._cases, found))
            if [case.run.state for case in self._cases] != [run.state for run in runs]:
                self._judge_soon()  # it ended meanwhile
        self._tell(self._path)

    def _judged(self, runs: list[Run]) -> tuple[Case, ...]:
        began, worked = time.monotonic(), time.thread_time()
        found = tuple(Case(run, diagnose(run)) for run in runs)
        self._cost = time.monotonic() - began
        self._judging.spend(time.thread_time() - worked)
        return found

    def _come_back(self, wait: float) -> None:
        """Have it asked for again in ``wait`` seconds: there is news that could not be looked at yet."""
        if self._alarm is None:
            self._alarm = threading.Timer(wait, self._ring)
            self._alarm.daemon = True
            self._alarm.start()

    def _ring(self) -> None:
        self._alarm = None
        self._tell(self._path)


def _with_report(now: Case, judged: Case) -> Case:
    """The run as it is now, with the report on what it was."""
    same = now.run is judged.run
    return Case(now.run, judged.report, None if same else judged.run.last_step)


def _size(run: Run) -> int:
    """Bytes in memory, about: steps and times are mostly shared between curves."""
    curves = [*run.curves.values(), *(curve for rank in run.ranks.values() for curve in rank.values())]
    longest = max(map(len, curves), default=0)
    layers = 0 if run.layers is None else int(run.layers.memory_usage(deep=True).sum())
    return 8 * (sum(map(len, curves)) + 2 * longest) + layers
