"""A training loss that was thrown up, and ends no better than the untouched network or has given back what it had won."""

from dataclasses import dataclass

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.games import LEARNED, STUCK_SHARE, may_be_a_game, size
from diagnostics.stats.hardly_logged import began_unseen
from diagnostics.stats.jump import MANY, stands_out
from diagnostics.stats.kept import knows
from diagnostics.stats.level import as_low_since, blocks, end, start, surely_before_training
from diagnostics.stats.lost import LATE_SHARE
from diagnostics.stats.noise import noise
from diagnostics.stats.rewards import rewarded
from diagnostics.stats.small_weights import no_measure
from diagnostics.stats.strides import gentle, strides
from diagnostics.stats.untouched import LEAST_TO_END, ends_higher, lifted, time_above, untouched

JUMP = 0.3  # of the start: a rise that no batch explains, where two classes leave room for ±0.1
LOST = 0.8  # of the best progress given back at the end
ABOVE = 0.2  # of the run, spent above the start
THROWN = 1.0  # update ratio: a step as long as the weights
MANY_BATCHES = 100  # losses: about an epoch of a small data set, where none is logged
LEAST, LEAST_HELD = 10, 20  # losses: few batches differ by chance, and short steps throw nothing up
FAR, IN_A_ROW = 3.0, 3  # times the start, and losses: so far above it, few are enough


@dataclass(frozen=True)
class Thrown:
    """Where it was thrown up.

    Attributes:
        first: the loss of the untouched network.
        last: the loss at the end.
        limit: what it is above, and should not be.
        best: the lowest it had been, where it is better off than the untouched network but has given that back; else None.
        since: the first step half way up the jump, or FAR times above the start; ``until``, the last.
    """

    first: float
    last: float
    limit: float
    best: float | None
    since: int
    until: int


def thrown(run: Run) -> Thrown | None:
    """Measure it; None where the run is better off than that, or too young to tell."""
    loss = run[TRAIN_LOSS].finite()
    if rewarded(run) or gentle(run):  # what lifts the loss of steps so short is not the steps
        return None
    if len(loss) < LEAST:
        return _seen(run, loss, FAR * lifted(run)) if _far_above(run, loss) else None
    return _flung(run, loss) or (_no_better(run, loss) if _tells(run, loss) else None)


def _level(run: Run) -> float:
    """What a loss is below that has learned anything."""
    first = untouched(run)
    return first - STUCK_SHARE * abs(first)


def _flung(run: Run, loss: Curve) -> Thrown | None:
    """Far above the start at the end, or most of the time, or by a step as long as the weights: no order of the data does that."""
    if _far_above(run, loss, LEAST_HELD if run.state == RUNNING else IN_A_ROW):
        return _seen(run, loss, FAR * lifted(run))
    stuck = end(loss, LATE_SHARE) > _level(run)
    return _seen(run, loss, _level(run)) if stuck and (_long_step(run) or _mostly_far_above(run, loss)) else None


def _no_better(run: Run, loss: Curve) -> Thrown | None:
    """At the end no better than the untouched network, or without all that it had won, after a jump or a time above the start."""
    first, last, best = untouched(run), end(loss, LATE_SHARE), blocks(loss).best
    stuck, jumped, given_back = last > _level(run), _jumped(run, loss), best + LOST * (first - best)
    if stuck and _lost_all(loss, first):
        return _seen(run, loss, _level(run), best)
    above = not began_unseen(run) and (ends_higher(run) or time_above(run) > ABOVE)
    if stuck and (jumped or above):
        return _seen(run, loss, _level(run))
    return _seen(run, loss, given_back, best) if jumped and best < first and last > given_back else None


def _tells(run: Run, loss: Curve) -> bool:
    """Whether a loss that is no better than at its start tells of the weights.

    That of two networks against each other is to stay where it was, and a term that is added lifts it though nothing is lost. While the run goes on, one
    that is not far above may yet come down.
    """
    best = blocks(loss)
    if may_be_a_game(run, loss) or knows(run, int(best.steps[np.argmin(best.levels)])):
        return False
    if untouched(run) <= 0 and float(loss.values.max()) - lifted(run) <= FAR * size(run, loss):
        return False  # no 0 to fall to, as of a critic: what it wins and loses by turns
    if run.state != RUNNING:
        return True
    high = float(loss.values.max()) > FAR * lifted(run)
    seen = high or len(_evaluations(run)) >= LEAST_TO_END or run.per_epoch(TRAIN_LOSS)
    return (seen or len(loss) >= MANY_BATCHES) and _of_all(run, _level(run))


def _evaluations(run: Run) -> Curve:
    """The finite ones; without points where there are none."""
    val = run.get(VAL_LOSS)
    return Curve(VAL_LOSS, np.empty(0, np.int64), np.empty(0)) if val is None else val.finite()


def _of_all(run: Run, level: float) -> bool:
    """Whether a loss above ``level`` is one of all the data: where they are sorted, what is learned of one class lifts the loss of the next.

    All have been seen after an epoch, or, where none is logged, MANY_BATCHES; validation holds all of them.
    """
    train, val = run[TRAIN_LOSS].finite(), _evaluations(run)
    if len(val) and val.steps[-1] > train.steps[0]:
        return not level / FAR < val.values[-1] < level  # further below it, it is measured otherwise
    epochs = run.epochs.finite().values if run.epochs is not None else np.empty(0)
    return float(np.ptp(epochs)) >= 1 if epochs.size else len(train) >= MANY_BATCHES


def _lost_all(loss: Curve, first: float) -> bool:
    """Whether it had surely learned a good part of ``first``, above which it ends."""
    seen = blocks(loss)
    learned = first - seen.best
    return len(seen.levels) >= LEAST_HELD and learned > max(LEARNED * abs(first), MANY * noise(seen.levels))


def _seen(run: Run, loss: Curve, limit: float, best: float | None = None) -> Thrown:
    first, last = untouched(run), max(end(loss, LATE_SHARE), float(np.median(loss.values[-IN_A_ROW:])))
    return Thrown(first, last, limit, best, _since(loss, first, best), int(loss.steps[-1]))


def _since(loss: Curve, first: float, best: float | None) -> int:
    """The step at which it was first half way up, or FAR times as high as its start; of one that came back to its start and no higher, the last time half way up to there."""
    height = float(loss.values.max()) - first
    if best is not None and height <= JUMP * abs(first):
        below = int(np.flatnonzero(loss.values <= (best + first) / 2)[-1])
        return int(loss.steps[min(below + 1, len(loss) - 1)])
    return int(loss.steps[np.argmax(loss.values > first + min(max(height, 0.0) / 2, (FAR - 1) * abs(first)))])


def _far_above(run: Run, loss: Curve, least: int = IN_A_ROW) -> bool:
    """Whether the last few losses are all so far above the start, and above the first, that no noise explains it."""
    first = max(lifted(run), surely_before_training(run)) if least == IN_A_ROW and as_low_since(loss) else lifted(run)
    late = loss.values[-least:]
    return late.size == least and first > 0 and bool(late.min() > FAR * first)


def _mostly_far_above(run: Run, loss: Curve) -> bool:
    """Whether most losses are so far above the start, however much they are thrown about there."""
    val = _evaluations(run)
    first = max(lifted(run), start(val) if len(val) else surely_before_training(run))
    return first > 0 and float(np.median(loss.values)) > FAR * first


def _jumped(run: Run, loss: Curve) -> bool:
    first = lifted(run)
    return float(loss.values.max()) - first > JUMP * abs(first) and stands_out(run, first)


def _long_step(run: Run) -> bool:
    """Whether a single update was about as long as the weights."""
    seen = strides(run)
    return seen is not None and seen.longest > THROWN and not no_measure(run)
