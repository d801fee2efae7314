"""What stands while a run goes on: a verdict is given once it has held for a while, so that it does not flicker."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.report import Finding
from diagnostics.run import Run

NO_VERDICT = "not_enough_data"  # holds by itself
EVENTS = (
    "diverged",
    "overfitting",
)  # their rules hold them against the noise already; at warning or worse, two looks suffice
FINE = ("keep_training", "healthy")  # one and the same as far as trouble goes
SURE, TO_ACCUSE, TO_ACQUIT = (
    2,
    3,
    4,
)  # looks in a row that agree, for events, for other troubles, for none: each was the fewest that
# left under a tenth of the lab's runs with more than one change of verdict, over 25 prefixes
FIRST, GROWTH = 8, 2 ** (1 / 8)  # losses at the first look, and from look to look: three span a fifth of the run
MOST_LOOKS = 16  # back to a quarter of the run
MOST_POINTS = 4_000  # of a curve, at an earlier look: thinned by a power of two, which changes no verdict

Headlines = Callable[[Run], list[Finding]]  # what was found of the headline rules, in the order of causes


def standing(run: Run, found: list[Finding], headlines: Headlines) -> Finding:
    """The verdict on ``run``: what its last looks agree on while it is running, else the first of ``found``.

    A look is the run as it stood at a number of losses that does not depend on where it stands now; so the same past
    gives the same looks, and a verdict changes only when new ones do.
    """
    if run.state != RUNNING or found[0].rule == NO_VERDICT or _lost(run, found[0]):
        return found[0]
    held = _agreed([found[0]], _earlier(run, headlines))
    if held is None or held.rule in FINE:
        return next((f for f in found if f.rule in FINE), found[0])
    return next((f for f in found if f.rule == held.rule), held)


def _lost(run: Run, first: Finding) -> bool:
    """Diverged, with a training loss that is no longer a number: nothing is left to wait for."""
    loss = run.get(TRAIN_LOSS)
    return first.rule == "diverged" and loss is not None and len(loss) > 0 and not np.isfinite(loss.values[-1])


def _agreed(seen: list[Finding], earlier: Iterator[Finding]) -> Finding | None:
    """The newest finding that as many looks in a row as it needs agree on; None when there is none."""
    at = 0
    while at < len(seen):
        need = _needed(seen[at])
        while len(seen) < at + need and (one := next(earlier, None)) is not None:
            seen.append(one)
        if len({_kind(f) for f in seen[at : at + need]}) == 1 and len(seen) >= at + need:
            return seen[at]
        at += 1
    return None


def _needed(finding: Finding) -> int:
    if finding.rule in FINE:
        return TO_ACQUIT
    return SURE if finding.rule in EVENTS and finding.severity != "info" else TO_ACCUSE


def _kind(finding: Finding) -> str:
    return FINE[0] if finding.rule in FINE else finding.rule


def _earlier(run: Run, headlines: Headlines) -> Iterator[Finding]:
    """The verdict at each look before now, newest first, as far back as there was one."""
    loss = run[TRAIN_LOSS]  # with what is not finite: a look must come after it as well
    last = int(np.log(len(loss) / FIRST) / np.log(GROWTH) - 0.5) if len(loss) > FIRST else -1
    for k in range(last, max(last - MOST_LOOKS, -1), -1):
        then = _thinned(run.until(int(loss.steps[round(FIRST * GROWTH**k) - 1])))
        found = headlines(then)
        if not found or found[0].rule == NO_VERDICT:
            return
        yield found[0]


def _thinned(run: Run) -> Run:
    return replace(run, curves={tag: _every(curve) for tag, curve in run.curves.items()})


def _every(curve: Curve) -> Curve:
    size = 2 ** max(0, int(np.ceil(np.log2(max(len(curve), 1) / MOST_POINTS))))
    if size == 1:
        return curve
    return Curve(curve.tag, curve.steps[::size], curve.values[::size], curve.wall_time[::size])
