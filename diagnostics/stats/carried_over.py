"""Whether what training learns holds for validation at all."""

from dataclasses import dataclass

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.run import Run
from diagnostics.stats.guess import guess
from diagnostics.stats.level import before_training, blocks, end
from diagnostics.stats.plan import early
from diagnostics.stats.pretrained import came_trained
from diagnostics.stats.relapse import rising
from diagnostics.stats.small_weights import began_sound

LEAST_SEEN = 8  # evaluations: an order is told from chance
LEARNED, CLEAR = 0.02, 3.0  # of the start, and standard errors of a level: training surely fell
CARRIED = 0.1  # of the fall of training: validation that came down by more has learned something
FALLS = 2.0  # standard errors of the order of the evaluations: validation in another unit falls all the same
MOST_COMPARED = 500  # evaluations, each with each


@dataclass(frozen=True)
class NotCarried:
    """Training fell, and validation did not.

    Attributes:
        first: the loss of the untouched network.
        ends: training's level at the end.
        last: validation's level at the end.
        share: the fall of validation from ``first`` over that of training; below 0 where it ends above.
    """

    first: float
    ends: float
    last: float
    share: float


def not_carried(run: Run) -> NotCarried | None:
    """Measure it; None where validation learned something too, or too little is known: the network may have been trained before, and the running statistics of a batch norm come late."""
    train, val = run[TRAIN_LOSS].finite(), run[VAL_LOSS].finite()
    if early(run) or len(val) < LEAST_SEEN or came_trained(run) or not (guess(run) or began_sound(run)):
        return None
    first, ends, last = before_training(run), end(train), end(val)
    fell = first - ends
    if fell <= max(LEARNED * first, CLEAR * blocks(train).error) or first - last > CARRIED * fell:
        return None
    falls = rising(val.values[:: 1 + len(val) // MOST_COMPARED]) < -FALLS
    return None if falls else NotCarried(first, ends, last, (first - last) / fell)
