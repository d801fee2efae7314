"""The training loss goes through the same ups and downs in every epoch: the data comes in the same order each time.

What it means
    Each place in the epoch has its own loss, epoch after epoch. The examples are not shuffled, or shuffled once and never again. Where the swing is large, they
    are sorted: by class, by source, by length.

Why it matters
    Gradients of neighbouring batches should be independent draws. In sorted data each stretch pulls the weights its own way, and the last
    one before an evaluation or a checkpoint has the last word.

Criterion
    With each epoch's mean and straight line taken out, more than SHARE of what is left is the same in every epoch, the even epochs' shape agrees with the odd ones'
    by a correlation above AGREE, and it swings by more than SWING of the whole fall, or of LITTLE of the first loss if that is more. A warning from WIDE on.

Source
    Bottou, "Curiously fast convergence of some stochastic gradient descent algorithms", 2009 (shuffle anew each epoch). SHARE: real runs that are
    shuffled anew stay under 0.3 with chance agreement, those in one fixed order reach 0.5 to 0.9.

Known limits
    Needs the epoch in the log, six epochs, and eight logged losses in each. A running mean that a logger starts anew each epoch repeats as well. A swing that is a straight line
    is not told from what is learned within an epoch, nor from what was learned by heart in the one before.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import TRAIN_LOSS
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.folding import fold
from diagnostics.stats.level import end, start

SHARE = 0.3  # of the variation within epochs
AGREE = 0.95  # correlation of the even epochs' shape with the odd ones'
SWING, WIDE = 0.02, 0.15  # of the whole fall: batches that differ a little, and sorted data
LITTLE = 0.25  # of the first loss: a fall below it is no measure of a swing


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    loss = run[TRAIN_LOSS].finite()
    seen = fold(loss, run.epochs) if run.epochs is not None else None
    scale = max(start(loss) - end(loss), LITTLE * abs(start(loss)))
    if seen is None or seen.share <= SHARE or seen.agreement <= AGREE or seen.height <= SWING * scale:
        return
    span = seen.first_step, seen.last_step
    wide = seen.height > WIDE * scale
    yield Finding(
        "periodic_loss",
        "warning" if wide else "info",
        f"The training loss repeats itself every {seen.period:,.0f} steps, one epoch: the same swing of {seen.height:.2g} in each of {seen.epochs}.",
        (Evidence(TRAIN_LOSS, *span, "share of the variation that is the same in every epoch", seen.share, SHARE),),
        (_shuffle(wide),),
    )


def _shuffle(wide: bool) -> Remedy:
    because = (
        "the swing is so large that neighbouring batches must be alike: the data is sorted"
        if wide
        else "then the gradients of neighbouring batches are independent"
    )
    return Remedy(
        "Shuffle the training data anew in every epoch: DataLoader(shuffle=True).", "shuffle", because, value=True
    )


def _in_order(swing: float, *, shuffled: bool = False, epochs: int = 20) -> Run:
    """A fall with a share of ``swing`` that depends on the batch, in the same order every epoch or in a new one."""
    rng = np.random.default_rng(0)
    length = synthetic.STEPS // epochs
    batches = rng.standard_normal(length)
    order = [rng.permutation(length) if shuffled else np.arange(length) for _ in range(epochs)]
    values = synthetic.noisy(synthetic.falling(2.3, 0.5)) + swing * np.concatenate([batches[o] for o in order])
    return synthetic.with_epochs(synthetic.make(values), length)


def _sorted() -> Run:
    place = np.arange(synthetic.STEPS) % 50 / 50
    return synthetic.with_epochs(
        synthetic.make(synthetic.noisy(synthetic.falling(2.3, 0.5)) + 0.3 * np.sin(6 * place)), 50
    )


def _cannot(run: Run) -> str | None:
    return None if run.epochs is not None else "the log does not say where epochs begin"


RULE = Rule(
    "periodic_loss",
    "Loss repeats every epoch",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    cannot=_cannot,
    explains=("loss_spike",),
    fires={"the same order every epoch": lambda: _in_order(0.15), "sorted": _sorted},
    silent={
        "a healthy run": lambda: synthetic.with_epochs(synthetic.healthy(), 50),
        "a new order every epoch": lambda: _in_order(0.15, shuffled=True),
        "epochs are not known": synthetic.healthy,
    },
)
