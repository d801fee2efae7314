"""Never hurt the training: a failure of ours becomes one line in the log, and training goes on."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger("curvewise")


class Guard:
    """Turns failures into one warning line each; says so when a cause has gone away.

    Logging rather than ``warnings``: under ``-W error`` a warning would be raised into the training loop.
    """

    def __init__(self, run: str) -> None:
        self._run = run
        self._failing: set[str] = set()
        self.note: Callable[[str], None] = lambda text: None  # keeps it with the run, so that its readers know too

    @contextmanager
    def __call__(self, where: str, way_out: str) -> Iterator[None]:
        """Swallow any ``Exception`` of the body (not KeyboardInterrupt) and warn once for ``where``."""
        try:
            yield
        except Exception as error:
            self.failed(where, error, way_out)

    def failed(self, where: str, error: Exception, way_out: str) -> None:
        """Warn, once for each ``where`` until it has recovered."""
        if where not in self._failing:
            self._failing.add(where)
            what = " ".join(f"{type(error).__name__}: {error}".split())
            log.warning("curvewise: run %s: %s failed (%s); training goes on. %s", self._run, where, what, way_out)
            self.note(f"{where} failed ({what}): {way_out}")

    def recovered(self, where: str) -> None:
        """Say that ``where`` works again, if it was failing."""
        if where in self._failing:
            self._failing.discard(where)
            log.warning("curvewise: run %s: %s works again", self._run, where)
