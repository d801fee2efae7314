"""How much lower a learning rate should be that was too high: as far as its updates were too long."""

import numpy as np

from diagnostics.run import Run
from diagnostics.stats.bounce import OF_LEVEL
from diagnostics.stats.detour import detour
from diagnostics.stats.first_update import USUAL, compared, first_update
from diagnostics.stats.killed import most_grown
from diagnostics.stats.long_steps import ASTRAY_BY, GAVE_BACK, JITTER, THROWN, UNCHANGED
from diagnostics.stats.rates import CAREFUL, Lower, by, lower, optimizer
from diagnostics.stats.strides import stretch, strides

AIM = 1e-2  # update ratio of the longest tenth: the upper end of what sound runs of the lab have
ANY_AIM = 0.1  # update ratio: a sound first one where first_update.USUAL does not know the optimizer, about the middle of those it knows
FACTOR, DEAD_FACTOR = 0.1, 0.01  # the course's step, and two of them
LEAST = 0.3  # half a decade: a gentler cut is lost in the noise; a decay from here on is the course's tenth at least
REVIVES = CAREFUL["adam"] / 10
FROM_HERE = (JITTER, OF_LEVEL, GAVE_BACK)  # signs of weights that are where they should be, but for the last bit


def gentler(run: Run, sign: str) -> Lower:
    """By what the updates were, where they were measured: to the longest that sound runs take. Else a tenth, or a hundredth for what died.

    ``sign`` is the statistic that told that the rate is too high.
    """
    seen = detour(run) if sign == ASTRAY_BY else None
    if seen and seen.rate:
        return by(run, float(f"{LEAST * seen.rate:.1g}"), "half a decade below the rate at which the loss turned up")
    steps = strides(run)
    if steps is None and sign in FROM_HERE:
        return by(run, FACTOR, "")
    if steps is None:
        return lower(run, DEAD_FACTOR, REVIVES) if sign == UNCHANGED else lower(run, FACTOR)
    most = FACTOR if sign in FROM_HERE else LEAST
    if (first := first_update(run)) is not None and first > 1 / LEAST:
        return by(run, min(float(f"{1 / first:.1g}"), most), compared(first))
    thrown = steps.longest > THROWN
    first_aim = USUAL.get(optimizer(run), ANY_AIM)
    longest, aim = (steps.longest, first_aim) if thrown else (steps.fullest * _swollen(run), AIM * stretch(run))
    if aim > most * longest:
        return by(run, most, "")
    why = f"updates of {longest:.2g} times the weights come down to {aim:g}, as sound runs have them"
    return by(run, float(f"{aim / longest:.1g}"), why)


def _swollen(run: Run) -> float:
    """How much longer updates are beside the weights half way from their first size to now: long steps make weights large, and look short then."""
    return float(np.sqrt(max(most_grown(run), 1.0)))
