"""What stands while a run goes on: a fault is given once it has held for a while, and given up for what speaks against it, so that nothing flickers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, groupby, islice

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.report import Finding
from diagnostics.run import Run

QUIET = ("keep_training", "healthy", "not_enough_data")  # one and the same as far as trouble goes
EVENT = "overfitting"  # its rule gathers evidence of its own, evaluation by evaluation: said at once, and given up soon
# Looks in a row that a fault takes. What blew up is seldom well again; a decay can be had at any time, and a schedule may still bring it.
TO_ACCUSE, LOOKS = 3, {EVENT: 1, "diverged": 2, "needs_decay": 8}
TO_ACQUIT, TO_ACQUIT_EVENT = 8, 2  # looks in a row without trouble that take a fault back: as many steps again
FIRST, GROWTH = 4, 2 ** (1 / 8)  # losses at the first look, and from look to look: three span a fifth of the run
MOST_LOOKS = 16  # back to a quarter of the run
MOST_POINTS = 2_000  # of a curve, at an earlier look: thinned by a power of two, which changes no verdict

Headlines = Callable[[Run], list[Finding]]  # what was found of the headline rules, in the order of causes


def standing(run: Run, found: list[Finding], headlines: Headlines) -> Finding:
    """The verdict on ``run``: the fault that its looks have come to while it is running, else the first of ``found``.

    A look is the run as it stood at a number of losses that does not depend on where it stands now; so the same past
    gives the same looks, however often it is asked, and a verdict changes only when new ones do.
    """
    if run.state != RUNNING or _lost(run, found[0]):
        return found[0]
    now = [found[0]] if found[0].rule == EVENT else []
    held = _held(chain(now, _looks(run, headlines)))
    if held is None:
        return next((f for f in found if f.rule in QUIET), found[0])
    return next((f for f in found if f.rule == held.rule), held)


def _lost(run: Run, first: Finding) -> bool:
    """Diverged, with a training loss that is no longer a number: nothing is left to wait for."""
    loss = run.get(TRAIN_LOSS)
    return first.rule == "diverged" and loss is not None and len(loss) > 0 and not np.isfinite(loss.values[-1])


def _held(newest_first: Iterator[Finding]) -> Finding | None:
    """The last fault that as many looks in a row as it takes agreed on; None where there was none, or it was taken back since."""
    calm = 0
    for rule, same in groupby(newest_first, key=lambda f: "" if f.rule in QUIET else f.rule):
        if not rule:
            calm = max(calm, len(list(islice(same, TO_ACQUIT))))
            if calm == TO_ACQUIT:
                return None
            continue
        need = LOOKS.get(rule, TO_ACCUSE)
        agreed = list(islice(same, need))
        if len(agreed) == need:
            return agreed[0] if rule != EVENT or calm < TO_ACQUIT_EVENT else None
    return None


def _looks(run: Run, headlines: Headlines) -> Iterator[Finding]:
    """The verdict at each look, newest first, as far back as there was one."""
    loss = run.get(TRAIN_LOSS)  # with what is not finite: a look must come after it as well
    for size in _sizes(0 if loss is None else len(loss))[:MOST_LOOKS]:
        then = run.until(int(run[TRAIN_LOSS].steps[size - 1]))
        found = headlines(_thinned(replace(then, state=RUNNING)))
        if not found:
            return
        yield found[0]


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
