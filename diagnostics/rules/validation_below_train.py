"""Validation loss is clearly below training loss: the two are not measured alike.

What it means
    New examples should be no easier than known ones. Dropout, augmentation, label smoothing or a weight penalty make the training loss
    larger than it would be in evaluation; or the sums differ; or validation is easier, or overlaps with training.

Why it matters
    The gap between the two can then not be read as over- or underfitting.

Criterion
    In OFTEN or more of the evaluations of the second half, as far as training was logged, validation is more than BELOW under the training loss around it, and
    by more than SHARE of the whole fall; or more than APART under it when it was so before any training too: then the measures themselves differ.

Source
    runmedic: validation under 0.9 of training in 70 % of the evaluations. Sound runs with augmentation and label smoothing end up to 0.45 below (ImageNet,
    AlgoPerf): that is as it should be, hence BELOW.

Known limits
    A training loss averaged over an epoch lags behind and stands above validation while it falls fast. Whether the two sets overlap cannot be seen from curves.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.level import blocks, end, start

BELOW = 0.5  # of the training loss: see Source
APART = 0.2  # of it, where nothing was learned yet: batches scatter less
SHARE = 0.05  # of the whole fall of training
OFTEN = 0.7  # of the evaluations
LEAST_EVALS = 8  # evaluations, four of them in the second half
DENSE = 4  # training losses an evaluation: then the first is that of a batch, not the mean of an epoch
KNOWN = ("dropout", "label_smoothing", "mixup", "cutmix")  # settings that explain it


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    train, val = run[TRAIN_LOSS].finite(), run[VAL_LOSS].finite()
    late = val.between((train.steps[0] + train.steps[-1]) / 2, train.steps[-1])
    fall = start(train) - end(train)
    if len(late) < LEAST_EVALS // 2 or fall <= 0 or end(train) <= 0 or any(run.setting(name) for name in KNOWN):
        return
    before = _before(train, val)
    least = APART if before > APART else BELOW
    around = _around(train, late)
    gap = around - late.values
    often = float(np.mean((gap > least * around) & (gap > SHARE * fall)))
    if often < OFTEN or end(val) > (1 - least) * end(train):
        return
    below = float(np.median(gap / around))
    since = (
        f", and was {before:.0%} below before training: the two sum or average differently" if before > APART else ""
    )
    yield Finding(
        "validation_below_train",
        "info",
        f"Validation loss is {below:.0%} below the training loss ({end(val):.3g} and {end(train):.3g}){since}.",
        (Evidence(VAL_LOSS, int(late.steps[0]), int(late.steps[-1]), "share of evaluations below", often, OFTEN),),
        _remedies(),
    )


def _around(train: Curve, val: Curve) -> Floats:
    """The training loss at the evaluations, averaged over a fortieth of the run."""
    levels = blocks(train)
    return np.interp(val.steps, levels.steps, levels.levels)


def _before(train: Curve, val: Curve) -> float:
    """How far validation was below training before any of it, as a share; 0 where that was not logged."""
    fresh = val.steps[0] <= train.steps[min(1, len(train) - 1)] and len(train) >= DENSE * len(val)
    return float(1 - val.values[0] / start(train)) if fresh and start(train) > 0 else 0.0


def _remedies() -> tuple[Remedy, ...]:
    return (
        Remedy(
            "Evaluate the training set as well, in eval mode and without augmentation, every tenth evaluation.",
            "eval_train",
            "only then the gap to validation says something",
            value=10,
        ),
    )


def _below(train: float, val: float, *, before: float = 2.3, dropout: float = 0.0) -> Run:
    run = synthetic.make(
        synthetic.noisy(synthetic.falling(2.3, train, pace=20)), synthetic.falling(before, val, pace=20)
    )
    return synthetic.with_config(run, dropout=dropout)


RULE = Rule(
    "validation_below_train",
    "Validation below training",
    check,
    needs={TRAIN_LOSS: MIN_POINTS, VAL_LOSS: LEAST_EVALS},
    fires={
        "two fifths of it": lambda: _below(1.0, 0.4),
        "half of it from the first evaluation on": lambda: _below(1.0, 0.5, before=1.15),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "a tenth below": lambda: _below(1.0, 0.9),
        "two fifths below, as under augmentation": lambda: _below(1.0, 0.6),
        "half of almost nothing": lambda: _below(0.1, 0.05),
        "dropout explains it": lambda: _below(1.0, 0.4, dropout=0.5),
    },
)
