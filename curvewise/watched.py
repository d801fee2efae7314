"""One run or log that is followed: read and judged when it has changed and its turn has come, the verdict left in its folder."""

import time
from dataclasses import dataclass
from pathlib import Path

from collector import claims, schema, verdict
from curvewise import version
from diagnostics import Report, Run, diagnose
from diagnostics.readers import read
from diagnostics.readers.fingerprint import Fingerprint, fingerprint
from diagnostics.view import stalls_at

SHARE = 0.05  # of one core, for reading and judging, all runs together: a run that takes long is judged more rarely


@dataclass(frozen=True)
class Judged:
    """A run as it was read, and the report on it."""

    run: Run
    report: Report


class Watched:
    """A run folder, or a past log, to ``look`` at again and again.

    Attributes:
        path: where it lies.
        judged: what was found last.
        unleft: why the verdict could not be left in the run folder; None when it could, or need not be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.judged: Judged | None = None
        self.unleft: OSError | None = None
        self._mark: Fingerprint | None = None
        self._due = 0.0  # monotonic s
        self._stalls_at: float | None = None  # s since 1970

    @property
    def running(self) -> bool:
        """Whether it goes on, as far as it has been read."""
        return self.judged is not None and self.judged.run.state == schema.RUNNING

    @property
    def silent(self) -> bool:
        """Whether a run has been silent for long of which nobody can know whether its process lives."""
        late = self._stalls_at is not None and time.time() > self._stalls_at
        return late and claims.alive(self.path) is None

    def set_aside(self) -> None:
        """Nothing but what changes from now on is of interest: it has ended."""
        self._mark = self._now()

    def look(self, every: float, among: int = 1) -> bool:
        """Judge, when something has changed; ``every`` so many seconds, rarer where it takes long or there are many ``among`` it.

        Only a run that goes on, or has gone on while we watched, has its verdict left in its folder.

        Raises:
            ReadError: the log cannot be read.
        """
        began = time.monotonic()
        if began < self._due or not self._changed():
            return False
        went_on = self.running
        self._judge(leave=went_on)
        self._due = began + max(every, (time.monotonic() - began) * among / SHARE)
        return True

    def _changed(self) -> bool:
        """By the files; but a process that is killed changes none."""
        return self._mark != self._now() or (self.running and claims.alive(self.path) is False)

    def _now(self) -> Fingerprint:
        """A run that has ended is told by its folder's own time, which costs a thousand of them a few milliseconds."""
        try:
            if self.running or self.path.is_file():
                return fingerprint(self.path)
            return self.path.stat().st_mtime_ns
        except OSError:
            return 0  # gone, which reading it says best

    def _judge(self, leave: bool) -> None:
        self._mark = self._now()  # before reading: what comes meanwhile is a change
        whose = verdict.judged(self.path)
        run = read(self.path)[0]
        self.judged, self._stalls_at = Judged(run, diagnose(run)), stalls_at(run)
        if leave or self.running:
            self._leave(self.judged, whose)

    def _leave(self, judged: Judged, whose: dict[str, object]) -> None:
        self.unleft = None
        try:
            beside = {"step": judged.run.last_step, "version": version(), **whose}
            verdict.leave(self.path, judged.report.to_json(), **beside)
        except OSError as error:
            self.unleft = error
