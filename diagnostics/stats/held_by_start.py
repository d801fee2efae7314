"""Signs, on the loss and the layers, that a network was held up by the weights it began with."""

from math import log

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.report import Evidence
from diagnostics.run import Run
from diagnostics.stats.alike import alike
from diagnostics.stats.decay import known_rate
from diagnostics.stats.first_lesson import SLOW, first_lesson
from diagnostics.stats.guess import guess
from diagnostics.stats.held_back import held_back, narrow
from diagnostics.stats.level import before_training, blocks, end, start
from diagnostics.stats.long_steps import Sign
from diagnostics.stats.noise import noise
from diagnostics.stats.plan import early
from diagnostics.stats.plateau import RESTING, departure, reached, second_departure
from diagnostics.stats.rest import CLEAR, comes_down, jumped, thrown_up, warmed_up
from diagnostics.stats.small_weights import LARGE, TINY, began_small, far_off, stands_still, tiny
from diagnostics.stats.tossed import TOSSED

FLAT_SHARE = 0.06  # of the run: sound runs leave the start within 3 %
FLAT_UNLOGGED = 0.15  # the same where no rate was logged, and a warmup may be what is seen: one-cycle's takes 30 % of the run, and such runs leave the start within 10 %
STEEP = 0.55  # an exponential fall has 5.6, a straight one 4, the S of a sound first few steps 0.7 to 1.1, a plateau 0.2 to 0.4
NO_FALL = 0.02  # of the start: DeepOBS' bound between a little progress and none
OF_TWO = log(2)  # nats: a guess between two classes
HIGH_START = 3.0  # times ln(classes): a guess that is confidently wrong
LEAST = (
    100  # points: a plateau of the first losses of a run in flight says nothing yet; fewer only when each is an epoch
)
RESTED = 0.15  # of the run: the level it rests at is itself known only at a tenth
GENTLE = 1.0  # in place of STEEP, where the layers speak as well: a straight fall has 2 and more
RAISED_START, FLAT_HIGH = (
    1.5,
    0.04,
)  # times ln(classes), and of the run: a sound start is within a tenth, a shorter wait costs nothing


def sized_off(run: Run, loss: Curve) -> Sign:
    """The first weights are known to be far from what any rule of the field makes them."""
    size = far_off(run)
    if size is None:
        return None
    said, limit = "deviation of the first weights times √fan-in", TINY if size < TINY else LARGE
    evidence = Evidence(TRAIN_LOSS, int(loss.steps[0]), int(loss.steps[-1]), said, size, limit)
    if not size:
        return "Every weight matrix began at 0, so no signal and no gradient passes from layer to layer.", evidence
    return (
        f"The weights began far {'smaller' if size < TINY else 'larger'} than any rule of the field makes them.",
        evidence,
    )


def never_answered(run: Run, loss: Curve) -> Sign:
    """It began at a guess, and all that it has learned is how frequent the classes are."""
    blind, first, last = guess(run) or OF_TWO, before_training(run), end(loss)
    if (early(run) and young(run, loss)) or not abs(first - blind) <= NO_FALL * blind or not alike(run):
        return None
    evidence = Evidence(
        TRAIN_LOSS, int(loss.steps[0]), int(loss.steps[-1]), "loss at the end; a guess has", last, blind
    )
    said = f"The training loss began at that of a guess, {first:.3g}, and ends at {last:.3g}"
    return f"{said}: every example gets the same answer.", evidence


def blank(run: Run) -> bool:
    """Whether it has ended by giving every example the same answer, from weights of which nothing is known, and steps have neither thrown that about nor come to it slowly."""
    if early(run) or run.layers is not None or not alike(run) or (first_lesson(run) or 0.0) > SLOW:
        return False
    val = run[VAL_LOSS].finite().values if VAL_LOSS in run else np.empty(0)
    return val.size > 0 and noise(val[1:]) <= TOSSED * abs(float(val[0]))


def left_late(run: Run, loss: Curve) -> Sign:
    """The loss was flat at first, and then fell steeply."""
    if young(run, loss):
        return None
    begin, seen = warmed_up(run, loss), departure(loss)
    whole = run.last_step - begin  # of the run, though the loss may have been logged for only a part of it
    flat, drop = seen.left - begin, seen.half - seen.left
    steep = GENTLE if began_small(run, seen.half) else STEEP
    clear = seen.fall > max(CLEAR * noise(loss.values[: max(20, len(loss) // 20)]), NO_FALL * abs(seen.level))
    least = FLAT_SHARE if known_rate(run) or run.layers is not None else FLAT_UNLOGGED
    if whole <= 0 or not clear or flat <= least * whole or drop > steep * flat or jumped(loss, seen.left):
        return None
    if comes_down(run, seen.left) and not began_small(run, seen.half):
        return None  # short steps down a slope: see lr_too_low
    evidence = Evidence(
        TRAIN_LOSS, begin, seen.left, "share of the run before a tenth of the fall", flat / whole, least
    )
    return (
        f"The training loss stayed at {seen.level:.3g} for {flat:,} steps ({flat / whole:.0%} of the run) before it fell.",
        evidence,
    )


def rested(run: Run, loss: Curve) -> Sign:
    """The layers say that the weights began too small, and the loss rested long, or rests still, at what a constant answer has."""
    if (early(run) and young(run, loss)) or len(blocks(loss).levels) < 2 * RESTING:
        return None
    begin, seen = warmed_up(run, loss), second_departure(loss)
    left = seen.fall > max(CLEAR * blocks(loss).error, NO_FALL * abs(seen.level))
    until = seen.left if left else int(loss.steps[-1])
    rest = (until - begin) / max(1, run.last_step - begin)
    steep = not left or seen.half - seen.left <= GENTLE * (until - begin)
    if rest < RESTED or not steep or thrown_up(run, loss, until):
        return None
    if not (
        began_small(run, max(seen.half, departure(loss).half))
        if left
        else not narrow(run) and (tiny(run) or (stands_still(run) and not held_back(run)))
    ):
        return None
    said = f"rested at {seen.level:.3g} for {rest:.0%} of the run" if left else f"has not moved from {seen.level:.3g}"
    evidence = Evidence(TRAIN_LOSS, begin, until, "share of the run before it left the level it rests at", rest, RESTED)
    return f"The training loss {said}, and the layers show weights that began too small.", evidence


def started_high(run: Run, loss: Curve) -> Sign:
    """The first loss is far above a guess, or took long to come down to it."""
    blind, first, begin = guess(run), start(loss), int(loss.steps[0])
    if blind is None or first <= RAISED_START * blind:
        return None
    waits = reached(loss, blind) - begin > FLAT_HIGH * (run.last_step - begin) and not young(run, loss)
    least = (RAISED_START if waits and end(loss) < blind else HIGH_START) * blind
    if first <= least:
        return None
    evidence = Evidence(TRAIN_LOSS, begin, begin, "first loss", first, least)
    return f"The first loss is {first:.3g}; a guess among {run.classes} classes would have {blind:.3g}.", evidence


def young(run: Run, loss: Curve) -> bool:
    """Whether there are too few losses to call their start a plateau."""
    return len(loss) < LEAST and not run.per_epoch(TRAIN_LOSS)
