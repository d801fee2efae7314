"""A loss that is not meant to fall: that of two networks against each other, which nobody evaluates and which stays near its start."""

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.level import blocks, end
from diagnostics.stats.untouched import lifted, untouched

HARDLY_ABOVE = 2.5  # times the start: as far as the losses of small GANs went
LEARNED = 0.5  # of the start: a loss below it has learned something
STUCK_SHARE = 0.02  # of the start: DeepOBS' bound between a little progress and none
ROSE = 0.1  # of the start: steps that are too short lift no level of a loss by that


def may_be_a_game(run: Run, loss: Curve) -> bool:
    """Whether nobody ever evaluated a loss that is no better than at its start, and it never was far from there; or that began no higher than 0 or ends below, as a critic's."""
    if _evaluated(run):
        return False
    first, last = untouched(run), end(loss)
    if min(first, last) <= 0:
        return True
    near = float(loss.values.max()) - lifted(run) <= (HARDLY_ABOVE - 1) * first
    return near and last > (1 - STUCK_SHARE) * first and blocks(loss).best > LEARNED * first


def played(run: Run) -> bool:
    """Whether such a loss stood above its start for a while, as none does that merely falls too slowly."""
    loss = run[TRAIN_LOSS].finite()
    if not may_be_a_game(run, loss):
        return False
    return float(blocks(loss).levels.max()) - untouched(run) > ROSE * size(run, loss)


def size(run: Run, loss: Curve) -> float:
    """What a rise is large or small beside: the start, or, where that is none above 0, its distance from 0 or the fall."""
    first = untouched(run)
    return first if first > 0 else max(-first, first - blocks(loss).best)


def _evaluated(run: Run) -> bool:
    val = run.get(VAL_LOSS)
    return val is not None and len(val.finite()) > 0
