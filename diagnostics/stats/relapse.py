"""A loss that was lower once, rose, and stayed up."""

from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Curve, Floats
from diagnostics.stats.level import BLOCKS, Blocks, blocks, end, start
from diagnostics.stats.noise import noise

LEAST_BLOCKS = 20  # of stats.level: a level and its neighbours
LEAST_FALL = 0.02  # of the start: the wobble of a loss that never fell gives nothing back
CLEAR = 5.0  # standard errors of a level
AT_FIRST = 0.05  # of the run: any loss falls there
MUCH, HELD = (
    0.4,
    0.15,
)  # of the fall given back, and of the run that it has stood there: a rise that late is judged only where it is so plain
STAYS = 1.0  # times as long as the fall took: chosen by eye; a swing of the momentum is over by then
MOST = 0.8  # of a rise
RISING = 3.0  # standard errors of the order of the levels after that: Mann, 1945, "Nonparametric tests against trend"


@dataclass(frozen=True)
class Relapse:
    """What a loss gave back of its fall, clear of the noise.

    Attributes:
        best: its lowest level, and ``step``, where that was.
        last: its level at the end.
        share: the rise since, as a share of the fall from the start to ``best``.
    """

    best: float
    step: int
    last: float
    share: float


def relapse(loss: Curve) -> Relapse | None:
    """Measure it; None where the rise is not clear, or is not yet as long as it took to get down, and not MUCH: that may be a swing of the momentum."""
    levels = blocks(loss)
    at = int(np.argmin(levels.levels))
    best, last, first = levels.best, end(loss), start(loss)
    if len(levels.levels) < LEAST_BLOCKS or first - best <= LEAST_FALL * abs(first):
        return None
    if at >= len(levels.levels) / 2 and not _lost_since(levels.levels[at:], first):
        return None
    width = CLEAR * max(levels.error, noise(levels.levels[len(levels.levels) // 2 :]))
    if last - best > width:
        return Relapse(best, int(levels.steps[at]), last, (last - best) / (first - best))
    return _climbing(levels, first)


def _lost_since(late: Floats, first: float) -> bool:
    """Whether so much of the fall from ``first`` was given back since the lowest level, the first of ``late``, and for so long, that no swing comes back from there."""
    stands = late[-max(1, round(HELD * BLOCKS)) :]
    return len(late) > len(stands) and float(stands.min()) - late[0] > MUCH * (first - late[0])


def stays_up(loss: Curve) -> bool:
    """Whether MUCH of the fall was given back and stayed so for as long as the fall took: of a run that goes on, more than a swing."""
    levels = blocks(loss).levels
    at, fall = int(np.argmin(levels)), start(loss) - float(levels.min())
    stands = levels[-max(1, round(STAYS * (at + 1))) :]
    long_enough = len(levels) >= LEAST_BLOCKS and len(stands) < len(levels) - at
    return long_enough and float(stands.min() - levels.min()) > MUCH * fall > 0


def _climbing(levels: Blocks, first: float) -> Relapse | None:
    """Of a loss that is thrown about so that no level is clear: from half to half, where the order of all levels is that of a rise."""
    late = levels.levels[max(1, round(AT_FIRST * len(levels.levels))) :]
    half = len(late) // 2
    before, after = float(np.median(late[:half])), float(np.median(late[-half:]))
    if before >= min(first, after) or rising(late) < RISING:
        return None
    return Relapse(before, int(levels.steps[-half]), after, (after - before) / (first - before))


def made_good(loss: Curve) -> bool:
    """Whether most of a rise from its lowest level is undone: of a task that came in late, say, and is being learned."""
    levels = blocks(loss).levels
    at = int(np.argmin(levels[: max(1, len(levels) // 2)]))
    low, top = float(levels[at]), float(levels[at:].max())
    return top - end(loss) > MOST * (top - low)


def rising(values: Floats) -> float:
    """By how many standard errors more pairs of ``values`` [n] rise than fall: Mann and Kendall's test for a trend, whatever the noise looks like."""
    n = len(values)
    rises = float(np.sign(values[None, :] - values[:, None])[np.triu_indices(n, 1)].sum())
    return rises / float(np.sqrt(n * (n - 1) * (2 * n + 5) / 18))
