"""The same training data gives another loss in evaluation mode than while training.

What it means
    The two modes differ by dropout, by augmentation, and by the statistics that normalization layers use. Evaluation that is much worse on the very data the
    network learns from means that its running statistics do not fit, or that the two code paths differ.

Why it matters
    Validation then measures the wrong network. The trained one may be fine.

Criterion
    In OFTEN or more of the evaluations of the second half, the training data's loss in evaluation mode is above the training loss around it by more than
    APART of it and SHARE of the whole fall.

Source
    TheDeepChecker: train and eval mode differ by more than 50 %. SHARE keeps small losses silent, as in validation_below_train.

Known limits
    Needs the loss of training data in evaluation mode, logged as one of TAGS. Lower in evaluation mode is what dropout does, and is left alone.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import TRAIN_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.level import blocks, end, start

TAGS = (
    "eval_train/loss",
    "train_eval/loss",
)  # names seen for it; DeepOBS calls it train loss, and the batches' minibatch loss
APART = 0.5  # of the training loss
SHARE = 0.05  # of the whole fall of training
OFTEN = 0.7  # of the evaluations
LEAST_EVALS = 6  # evaluations, three of them in the second half


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    train = run[TRAIN_LOSS].finite()
    found = next((run[tag].finite() for tag in TAGS if tag in run), None)
    if found is None or len(found) < LEAST_EVALS or end(found) < end(train):
        return
    late = found.where(found.steps >= (train.steps[0] + train.steps[-1]) / 2)
    around = _around(train, late)
    gap, fall = late.values - around, start(train) - end(train)
    often = float(np.mean((gap > APART * np.abs(around)) & (gap > SHARE * fall))) if len(late) else 0.0
    if often < OFTEN or fall <= 0:
        return
    yield Finding(
        "train_eval_disagreement",
        "warning",
        f"The training data's loss is {end(found):.3g} in evaluation mode and {end(train):.3g} while training.",
        (Evidence(found.tag, int(late.steps[0]), int(late.steps[-1]), "share of evaluations far above", often, OFTEN),),
        _remedies(),
    )


def _around(train: Curve, other: Curve) -> Floats:
    """The training loss at ``other``'s steps, averaged over a fortieth of the run."""
    levels = blocks(train)
    return np.interp(other.steps, levels.steps, levels.levels)


def _remedies() -> tuple[Remedy, ...]:
    return (
        Remedy(
            "Set the momentum of the batch-norm layers to 0.01, or use larger batches.",
            "bn_momentum",
            "their running statistics then average over a hundred batches in place of ten",
            value=0.01,
        ),
        Remedy(
            "Use group or layer normalization in place of batch normalization.",
            "normalization",
            "it computes the same in both modes",
            value="group_norm",
        ),
    )


def _in_eval(level: float, tag: str = TAGS[0]) -> Run:
    run = synthetic.make(synthetic.noisy(synthetic.falling(2.3, 0.3, pace=20)))
    steps = np.arange(25, 1001, 25)
    return synthetic.with_curves(run, Curve(tag, steps, synthetic.falling(2.3, level, pace=20)[steps - 1]))


def _cannot(run: Run) -> str | None:
    return None if any(tag in run for tag in TAGS) else "the training data was not evaluated"


RULE = Rule(
    "train_eval_disagreement",
    "Training and evaluation disagree",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    cannot=_cannot,
    fires={"twice the loss": lambda: _in_eval(0.7), "three times the loss": lambda: _in_eval(1.0, TAGS[1])},
    silent={
        "the same": lambda: _in_eval(0.3),
        "lower, as dropout makes it": lambda: _in_eval(0.1),
        "a little higher": lambda: _in_eval(0.36),
        "not logged": synthetic.healthy,
    },
)
