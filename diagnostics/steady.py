"""What stands while a run goes on: a fault is given once it has held for a while, and given up for what speaks against it, so that nothing flickers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.report import Finding
from diagnostics.run import Run
from diagnostics.stats.hardly_logged import sketched
from diagnostics.stats.untouched import recovered

QUIET = ("keep_training", "healthy", "not_enough_data")  # one and the same as far as trouble goes
# Looks in a row that a fault takes. The rule of overfitting gathers evidence of its own, evaluation by evaluation. What was thrown up early may come back down;
# a network that stands still may be on a plateau: as many steps again tell. One that circles may have a schedule to come.
TO_ACCUSE, LOOKS = 3, {"overfitting": 2, "diverged": 4, "bad_initialization": 8, "needs_decay": 12}
TO_SWITCH = 8  # looks in a row that put another fault in the place of one that stands: as many steps again
TO_YIELD = 4  # looks in a row without trouble after which what stands holds its place against no other fault
WORST = "diverged"  # takes any fault's place, and gives its own to any, as fast as if none stood
TO_COME_BACK = 8  # looks in a row that do not see it up there after which what was thrown up has come back: by steps as long as they were
TO_ACQUIT = 16  # looks in a row without trouble that take a fault back: four times the steps
FIRST, GROWTH = 4, 2 ** (1 / 8)  # losses at the first look, and from look to look: three span a fifth of the run
MOST_LOOKS = 32  # back to a sixteenth of the run
MOST_POINTS = 2_000  # of a curve, at an earlier look: thinned by a power of two, which changes no verdict

Fault = Callable[[Run], Finding | None]  # the first in the order of causes; None where nothing is wrong


@dataclass(frozen=True)
class Seen:
    """A fault at a look, and the step of that look: what it points at may lie long before. ``dated`` where its sentence tells that step."""

    finding: Finding
    step: int
    dated: bool = False

    @property
    def rule(self) -> str:
        """Of the finding."""
        return self.finding.rule


def standing(run: Run, found: list[Finding], fault: Fault) -> Finding:
    """The verdict on ``run``: the fault that its looks have come to while it is running, else the first of the headlines ``found``.

    A look is the run as it stood at a number of losses that does not depend on where it stands now; so the same past
    gives the same looks, however often it is asked, and a verdict changes only when new ones do.
    """
    if run.state != RUNNING or _lost(run, found[0]):
        return found[0]
    held = _held(_looks(run, fault))
    if held is None or (held.rule == WORST and recovered(run)):
        return next((f for f in found if f.rule in QUIET), found[0])
    return next((f for f in found if f.rule == held.rule), _seen_before(held))


def _seen_before(held: Seen) -> Finding:
    """What is held with when it was last seen: its figures are of then."""
    if held.dated:
        return held.finding
    said = f"{held.finding.message} This was seen up to step {held.step:,}, and too little speaks against it since."
    return replace(held.finding, message=said)


def _lost(run: Run, first: Finding) -> bool:
    """Diverged, with a training loss that is no longer a number: nothing is left to wait for."""
    loss = run.get(TRAIN_LOSS)
    return first.rule == "diverged" and loss is not None and len(loss) > 0 and not np.isfinite(loss.values[-1])


def _held(newest_first: Iterator[Seen | None]) -> Seen | None:
    """The fault that stands after all looks; None where there was none, or it was taken back since."""
    held: Seen | None = None
    calm = 0  # looks without trouble before the stretch
    down = 0  # looks since the last that saw it thrown up
    for found, looks in _stretches(newest_first):
        down = 0 if _rule(found) == WORST else down + looks
        if found is None:
            held = _after_calm(held, looks, down)
        elif looks >= _needed(held if calm < TO_YIELD else None, found.rule):
            held = found
        calm = looks if found is None else 0
    return held


def _stretches(newest_first: Iterator[Seen | None]) -> list[tuple[Seen | None, int]]:
    """Looks in a row that agree, oldest first: the newest finding of each and their number, as far back as what came before can matter."""
    stretches: list[tuple[Seen | None, int]] = []
    for found in islice(newest_first, MOST_LOOKS):
        newest, looks = stretches.pop() if stretches and _rule(stretches[-1][0]) == _rule(found) else (found, 0)
        stretches.append((newest, looks + 1))
        if looks + 1 == _enough(stretches):
            break
    return stretches[::-1]


def _enough(newest_first: list[tuple[Seen | None, int]]) -> int:
    """Looks in the last of these stretches before which nothing matters."""
    found = newest_first[-1][0]
    if found is not None:
        return max(TO_SWITCH, _least(found.rule))
    after = newest_first[-2] if len(newest_first) > 1 else (None, 0)  # what came straight after the calm
    settled = _settles(*after, 0) or any(_settles(said, looks, TO_SWITCH) for said, looks in newest_first)
    return TO_YIELD if settled else TO_ACQUIT


def _settles(found: Seen | None, looks: int, least: int) -> bool:
    """Whether so many looks, ``least`` or more, put ``found`` in the place of whatever stood before; no more than usual where that is the worst."""
    return found is not None and looks >= (
        _least(found.rule) if found.rule == WORST else max(least, _least(found.rule))
    )


def _after_calm(held: Seen | None, looks: int, down: int) -> Seen | None:
    """What is left of ``held`` after so many looks without trouble, ``down`` of them and others since the last that saw the loss thrown up."""
    if held is None or looks >= TO_ACQUIT:
        return None
    return _came_back(held) if held.rule == WORST and down >= TO_COME_BACK else held


def _came_back(thrown: Seen) -> Seen:
    said = f"The training loss was thrown up until step {thrown.step:,} and has come back down, by steps as long as those that threw it."
    finding = replace(thrown.finding, rule="lr_too_high", severity="warning", message=said)
    return replace(thrown, finding=finding, dated=True)


def _needed(held: Seen | None, rule: str) -> int:
    """Looks in a row that ``rule`` takes while ``held`` stands."""
    moves = held is not None and held.rule != rule and WORST not in (held.rule, rule)
    return max(_least(rule), TO_SWITCH) if moves else _least(rule)


def _least(rule: str) -> int:
    return LOOKS.get(rule, TO_ACCUSE)


def _rule(found: Seen | None) -> str | None:
    return found.rule if found else None


def _looks(run: Run, fault: Fault) -> Iterator[Seen | None]:
    """The fault at each look, newest first. One between two that found nothing is not taken: alone it would count for nothing; the newest always is."""
    loss = sketched(run).get(TRAIN_LOSS)  # with what is not finite: a look must come after it as well
    steps = np.empty(0, np.int64) if loss is None else loss.steps
    sizes = _sizes(len(steps))
    look = cache(lambda place: _look(run, fault, int(steps[sizes[place] - 1])))
    for place in range(len(sizes)):
        due = place == 0 or (len(sizes) - place) % 2  # counted from the first look on, wherever the run stands now
        beside = (place - 1, place + 1)
        taken = due or any(look(p) for p in beside if 0 <= p < len(sizes))
        yield look(place) if taken else None


def _look(run: Run, fault: Fault, step: int) -> Seen | None:
    found = fault(_at(run, step))
    return None if found is None else Seen(found, step)


def _at(run: Run, step: int) -> Run:
    """``run`` as it stood at ``step``, thinned."""
    then = replace(run.until(step), state=RUNNING)
    return replace(then, curves={tag: _every(curve) for tag, curve in then.curves.items()})


def _sizes(count: int) -> list[int]:
    """Losses at each look of a run with ``count``, the most first."""
    most = int(np.log(max(count, FIRST) / FIRST) / np.log(GROWTH)) + 1
    sizes = {round(FIRST * GROWTH**k) for k in range(most + 1)}
    return sorted((size for size in sizes if size <= count), reverse=True)


def _every(curve: Curve) -> Curve:
    size = 2 ** max(0, int(np.ceil(np.log2(max(len(curve), 1) / MOST_POINTS))))
    if size == 1:
        return curve
    return Curve(curve.tag, curve.steps[::size], curve.values[::size], curve.wall_time[::size])
