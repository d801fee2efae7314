"""What stands while a run goes on: a fault is given once it has held for a while, and given up for what speaks against it, so that nothing flickers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby, islice

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.report import Finding
from diagnostics.run import Run

QUIET = ("keep_training", "healthy", "not_enough_data")  # one and the same as far as trouble goes
# Looks in a row that a fault takes. The rule of overfitting gathers evidence of its own, evaluation by evaluation. What was thrown up early may come back down;
# a network that stands still may be on a plateau, and one that circles may have a schedule to come: as many steps again tell.
TO_ACCUSE, LOOKS = 3, {"overfitting": 2, "diverged": 4, "bad_initialization": 8, "needs_decay": 8}
TO_ACQUIT = 8  # looks in a row without trouble that take a fault back: as many steps again
FIRST, GROWTH = 4, 2 ** (1 / 8)  # losses at the first look, and from look to look: three span a fifth of the run
MOST_LOOKS = 16  # back to a quarter of the run
MOST_POINTS = 2_000  # of a curve, at an earlier look: thinned by a power of two, which changes no verdict

Fault = Callable[[Run], Finding | None]  # the first in the order of causes; None where nothing is wrong


def standing(run: Run, found: list[Finding], fault: Fault) -> Finding:
    """The verdict on ``run``: the fault that its looks have come to while it is running, else the first of the headlines ``found``.

    A look is the run as it stood at a number of losses that does not depend on where it stands now; so the same past
    gives the same looks, however often it is asked, and a verdict changes only when new ones do.
    """
    if run.state != RUNNING or _lost(run, found[0]):
        return found[0]
    held = _held(_looks(run, fault))
    if held is None:
        return next((f for f in found if f.rule in QUIET), found[0])
    return next((f for f in found if f.rule == held.rule), held)


def _lost(run: Run, first: Finding) -> bool:
    """Diverged, with a training loss that is no longer a number: nothing is left to wait for."""
    loss = run.get(TRAIN_LOSS)
    return first.rule == "diverged" and loss is not None and len(loss) > 0 and not np.isfinite(loss.values[-1])


def _held(newest_first: Iterator[Finding | None]) -> Finding | None:
    """The last fault that as many looks in a row as it takes agreed on; None where there was none, or it was taken back since."""
    for rule, same in groupby(newest_first, key=lambda f: f.rule if f else ""):
        need = LOOKS.get(rule, TO_ACCUSE) if rule else TO_ACQUIT
        agreed = list(islice(same, need))
        if len(agreed) == need:
            return agreed[0]
    return None


def _looks(run: Run, fault: Fault) -> Iterator[Finding | None]:
    """The fault at each look, newest first."""
    loss = run.get(TRAIN_LOSS)  # with what is not finite: a look must come after it as well
    for size in _sizes(0 if loss is None else len(loss))[:MOST_LOOKS]:
        then = run.until(int(run[TRAIN_LOSS].steps[size - 1]))
        yield fault(_thinned(replace(then, state=RUNNING)))


def _sizes(count: int) -> list[int]:
    """Losses at each look of a run with ``count``, the most first."""
    most = int(np.log(max(count, FIRST) / FIRST) / np.log(GROWTH)) + 1
    sizes = {round(FIRST * GROWTH**k) for k in range(most + 1)}
    return sorted((size for size in sizes if size <= count), reverse=True)


def _thinned(run: Run) -> Run:
    return replace(run, curves={tag: _every(curve) for tag, curve in run.curves.items()})


def _every(curve: Curve) -> Curve:
    size = 2 ** max(0, int(np.ceil(np.log2(max(len(curve), 1) / MOST_POINTS))))
    if size == 1:
        return curve
    return Curve(curve.tag, curve.steps[::size], curve.values[::size], curve.wall_time[::size])
