"""The loss rests exactly where a guess among the classes would be: the network gives every class the same chance.

What it means
    The output does not depend on the input. Nothing of the data arrives at the last layer, or the labels have nothing to do with the inputs.

Why it matters
    The curve looks flat and calm, and no number of steps will change it. The cause is a bug more often than a setting.

Criterion
    The training loss over the whole second half of the run lies within NEAR of the loss of a guess (ln C for cross-entropy, C − 1 for the
    multiclass hinge), and so does validation at its end, where there is one. While the run goes on: after LEAST losses, and the warmup.

Source
    CS231n, "Sanity checks"; runmedic names ln C as well. NEAR: a network that has learned anything is soon further from it.

Known limits
    Needs the loss' name and the number of classes. Where classes are not equally frequent, a guess by frequency costs less and is not seen.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.guess import guess, unknown
from diagnostics.stats.held_by_start import LEAST, young  # noqa: F401 (the Criterion names one)
from diagnostics.stats.level import blocks, end
from diagnostics.stats.strides import warming

NEAR = 0.02  # of the loss of a guess
FIND_OUT = (
    Remedy(
        "Train on 16 examples alone, without regularization: the loss should go to 0.",
        "train_size",
        "if it does not, the labels, the loss or the gradient's way is broken, not the settings",
        value=16,
    ),
    Remedy(
        "Give the network zeros in place of the inputs: the loss should be no better.",
        "inputs",
        "if nothing changes, the inputs never reached it",
        value="zeros",
    ),
)


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    expected = guess(run)
    if expected is None or abs(end(run[TRAIN_LOSS]) - expected) > 2 * NEAR * expected:
        return
    if run.state == RUNNING and (warming(run) or young(run, run[TRAIN_LOSS].finite())):
        return  # any run begins so
    seen = blocks(run[TRAIN_LOSS])
    late = seen.levels[len(seen.levels) // 2 :]
    val = run.get(VAL_LOSS)
    validated = val is None or not len(val.finite()) or abs(end(val) - expected) <= NEAR * expected
    away = float(np.max(np.abs(late - expected))) / expected
    if away > NEAR or not validated:
        return
    first, last = int(seen.steps[len(seen.levels) // 2]), int(seen.curve.steps[-1])
    yield Finding(
        "predicts_uniformly",
        "warning",
        f"Since step {first:,} the training loss has been {np.median(late):.3g}, that of a guess among {run.classes:,} classes.",
        (Evidence(TRAIN_LOSS, first, last, "distance to the loss of a guess, as a share of it", away, NEAR),),
        FIND_OUT,
    )


def _resting(level: float, first: float = 2.3, classes: int | None = 10) -> Run:
    values = synthetic.noisy(synthetic.falling(first, level, pace=60), 0.02)
    return synthetic.make(values, classes=classes, loss="cross_entropy")


RULE = Rule(
    "predicts_uniformly",
    "Predicts uniformly",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    cannot=unknown,
    fires={"never left the guess": lambda: _resting(2.3), "fell to the guess": lambda: _resting(2.303, first=12.0)},
    silent={
        "a healthy run": synthetic.healthy,
        "a little better than a guess": lambda: _resting(2.1),
        "the number of classes is not known": lambda: _resting(2.3, classes=None),
    },
)
