"""Never hurt the training: a failure of ours becomes one line in the log, and training goes on."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from collector.clean import text

log = logging.getLogger("curvewise")

MOST_TIMES = 5  # times that one thing is said to fail and to work again: a disk at its limit would fill the log
MOST_WHAT = 500  # characters of an exception's text


class Guard:
    """Turns failures into one warning line each; says so when a cause has gone away.

    Logging rather than ``warnings``: under ``-W error`` a warning would be raised into the training loop.
    """

    def __init__(self, run: str) -> None:
        self._run = text(run)
        self._failing: set[str] = set()
        self._times: Counter[str] = Counter()
        self.note: Callable[[str], None] = lambda text: None  # keeps it with the run, so that its readers know too

    @contextmanager
    def __call__(self, where: str, way_out: str) -> Iterator[None]:
        """Swallow any ``Exception`` of the body (not KeyboardInterrupt) and warn once for ``where``."""
        try:
            yield
        except Exception as error:
            self.failed(where, error, way_out)

    def failed(self, where: str, error: BaseException, way_out: str) -> None:
        """Warn, once for each ``where`` until it has recovered."""
        if where in self._failing:
            return
        self._failing.add(where)
        self._times[where] += 1
        if self._times[where] > MOST_TIMES:
            return
        what = text(" ".join(f"{type(error).__name__}: {error}".split()), MOST_WHAT)
        self.say(f"{where} failed ({what}); training goes on. {way_out}")
        self.note(f"{where} failed ({what}): {way_out}")

    def say(self, line: str) -> None:
        """One warning line about the run."""
        log.warning("curvewise: run %s: %s", self._run, text(line))

    def recovered(self, where: str) -> None:
        """Say that ``where`` works again, if it was failing."""
        if where in self._failing:
            self._failing.discard(where)
            if self._times[where] <= MOST_TIMES:
                last = self._times[where] == MOST_TIMES
                self.say(f"{where} works again" + ("; this is not said any more" if last else ""))
