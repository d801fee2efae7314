"""What a watcher of the run has found, for the training to ask: the background thread looks, asking reads an attribute."""

import time
from collections.abc import Iterable
from pathlib import Path

from collector import schema, verdict
from collector.verdict import Finding, Verdict

EVERY = 1.0  # s between two looks at the file
STOP_ON = ("diverged",)  # nothing is learned from here on; any other trouble may be worth the rest of the run


class Advice:
    """The newest verdict that ``curvewise watch`` has left on this attempt, if any; one on an earlier attempt is none.

    Args:
        folder: the run folder.
        stop_on: slugs of the findings at which to stop.

    Attributes:
        findings: the one behind the verdict first.
        stop: whether two judgements in a row had a finding of ``stop_on`` that reaches into this attempt: a stop cannot be taken
            back, and what one more step would have cleared is not worth it.
    """

    def __init__(self, folder: Path, stop_on: str | Iterable[str] = STOP_ON) -> None:
        self._folder = folder
        self._stop_on = {stop_on} if isinstance(stop_on, str) else set(stop_on)
        self.findings: tuple[Finding, ...] = ()
        self.stop = False
        self._due = 0.0  # monotonic s
        self._mark: tuple[int, int, int] | None = None  # of the file that was read last
        self._wanted_at: int | None = None  # step of the judgement before, when that had such a finding

    def check(self) -> None:
        """See whether there are such findings at all.

        Raises:
            ValueError: no finding is called so; with the nearest name.
        """
        unknown = sorted(map(str, self._stop_on - verdict.RULES))
        if unknown:
            from difflib import get_close_matches  # a training imports it only for this

            near = get_close_matches(unknown[0], verdict.RULES, 1)
            raise ValueError(f"no finding is called {unknown[0]!r}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def look(self, started_at: float | None, first_step: int | None) -> None:
        """See whether there is news for the attempt that began then and there (None: not yet); never raises."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + EVERY
        try:
            stat = (self._folder / schema.VERDICT_FILE).stat()
            mark = stat.st_ino, stat.st_mtime_ns, stat.st_size
            if mark == self._mark:
                return
            self._mark = mark
            told = verdict.read(self._folder)
        except (OSError, ValueError):
            return  # none, damaged, or of another version: what is known stays
        if started_at is not None and told.started_at == started_at:
            self._take(told, first_step or 0)

    def _take(self, told: Verdict, first_step: int) -> None:
        self.findings = told.findings
        wanted = any(f.rule in self._stop_on and f.last_step >= first_step for f in told.findings)
        again = self._wanted_at is not None and told.step > self._wanted_at
        self.stop = wanted and (self.stop or again)
        self._wanted_at = told.step if wanted else None
