"""An ended run as it stood before its end: what showed there for long need not show any more once the rate is spent."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from collector.schema import RUNNING, TRAIN_LOSS
from diagnostics.run import Run

EARLIER = (0.9, 0.8, 0.7, 0.6, 0.5)  # of the run

T = TypeVar("T")


def stood(run: Run, said: Callable[[Run], T | None]) -> tuple[Run, T] | None:
    """The latest of two neighbours among ``EARLIER`` of which ``said`` both says something, and what it says; one alone is chance."""
    later: tuple[Run, T] | None = None
    for then in earlier(run):
        found = said(then)
        if found is not None and later is not None:
            return later
        later = None if found is None else (then, found)
    return None


def earlier(run: Run) -> Iterator[Run]:
    """``run`` as if it had ended at ``EARLIER``, the latest first; none while it goes on, when ``steady`` sees to what came before."""
    loss = run[TRAIN_LOSS].finite()
    if run.state == RUNNING or not len(loss):
        return
    first, last = int(loss.steps[0]), int(loss.steps[-1])
    for share in EARLIER:
        yield replace(run.until(first + share * (last - first)), state=run.state)
