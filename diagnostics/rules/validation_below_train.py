"""Validation loss is clearly below training loss: the two are not measured alike.

What it means
    New examples should be no easier than known ones. Dropout, augmentation, label smoothing or a weight penalty make the training loss
    larger than it would be in evaluation; or the sums differ; or validation is easier, or overlaps with training.

Why it matters
    The gap between the two can then not be read as over- or underfitting.

Criterion
    In OFTEN or more of the evaluations of the second half, validation is more than BELOW under the training loss around it, and by more than SHARE of the
    whole fall. Where the two differ as much before any training, the measures themselves differ.

Source
    runmedic: validation under 0.9 of training in 70 % of the evaluations. SHARE, and BELOW at 0.8, keep small losses silent.

Known limits
    A training loss averaged over an epoch lags behind and stands above validation while it falls fast. Whether the two sets overlap cannot be seen from curves.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.rules.not_enough_data import MIN_POINTS
from diagnostics.run import Run
from diagnostics.stats.level import blocks, end, start

BELOW = 0.2  # of the training loss
SHARE = 0.05  # of the whole fall of training
OFTEN = 0.7  # of the evaluations
LEAST_EVALS = 8  # evaluations, four of them in the second half
KNOWN = ("dropout", "label_smoothing", "mixup", "cutmix")  # settings that explain it


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    train, val = run[TRAIN_LOSS].finite(), run[VAL_LOSS].finite()
    late = val.where(val.steps >= (train.steps[0] + train.steps[-1]) / 2)
    fall = start(train) - end(train)
    if len(late) < LEAST_EVALS // 2 or fall <= 0 or end(train) <= 0 or any(run.setting(name) for name in KNOWN):
        return
    if end(val) > (1 - BELOW) * end(train):
        return
    around = _around(train, late)
    gap = around - late.values
    often = float(np.mean((gap > BELOW * around) & (gap > SHARE * fall)))
    if often < OFTEN:
        return
    below = float(np.median(gap / around))
    yield Finding(
        "validation_below_train",
        "info",
        f"Validation loss is {below:.0%} below the training loss ({end(val):.3g} and {end(train):.3g}){_from_the_start(train, val)}.",
        (Evidence(VAL_LOSS, int(late.steps[0]), int(late.steps[-1]), "share of evaluations below", often, OFTEN),),
        _remedies(),
    )


def _around(train: Curve, val: Curve) -> Floats:
    """The training loss at the evaluations, averaged over a fortieth of the run."""
    levels = blocks(train)
    return np.interp(val.steps, levels.steps, levels.levels)


def _from_the_start(train: Curve, val: Curve) -> str:
    early = val.steps[0] <= train.steps[min(1, len(train) - 1)]
    apart = early and val.values[0] < (1 - BELOW) * start(train)
    return (
        f", and was {1 - val.values[0] / start(train):.0%} below before training: the two sum or average differently"
        if apart
        else ""
    )


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
        "half of it": lambda: _below(1.0, 0.5),
        "half of it from the first evaluation on": lambda: _below(1.0, 0.5, before=1.15),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "a tenth below": lambda: _below(1.0, 0.9),
        "half of almost nothing": lambda: _below(0.1, 0.05),
        "dropout explains it": lambda: _below(1.0, 0.5, dropout=0.5),
    },
)
