"""There are too few points of a loss to say anything about the run.

What it means
    The log holds a training loss with fewer points than any rule can read, or no training loss at all.

Why it matters
    A verdict on a handful of points would be a guess. A few more minutes of logging make it a measurement.

Criterion
    A training loss of exactly 0 at every point, or fewer than MIN_POINTS finite points of train/loss, or than MEANS_ENOUGH where each point is the mean of an epoch or, in the log of
    a Hugging Face Trainer or Megatron-LM with as many evaluations, of all steps since the one before. Where validation was evaluated EVALUATIONS times or more to the end of
    the run (FAR_OFTENER times as often as training was logged, where that would do), it shows where training went between its points:
    the verdict is then given on that, and says so. One of the points must be in the later half, and where validation rose after the
    last, one after its lowest; none may be far above validation, nor all of them far below it by the same.

Source
    Our own choice, calibrated on real small runs: below 20 points the slope of a loss is not told from the noise of its batches. What
    validation must be to stand in for training was chosen by eye, on the lab's runs with their training losses thinned.

Known limits
    Where validation stands in for training, a verdict is right less often than with all of training's losses
    (``python -m benchmarks.hardly_logged``). An epoch is known by the epoch column; a log of epoch means without one, or of means over some steps that no longer says which tool
    wrote it, is held to MIN_POINTS.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import TRAIN_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MEANS_ENOUGH, MIN_POINTS, Rule, enough
from diagnostics.run import Run
from diagnostics.stats.hardly_logged import EVALUATIONS, FAR_OFTENER  # noqa: F401 (named in the Criterion)

NOTHING = Curve(TRAIN_LOSS, np.empty(0, np.int64), np.empty(0))


def check(run: Run) -> Iterator[Finding]:
    """Fires when the training loss is missing or too short."""
    loss = run.get(TRAIN_LOSS, NOTHING).finite()
    least = enough(run, TRAIN_LOSS)
    if len(loss) >= least:
        yield from _zero_throughout(loss)
        return
    points = "1 point" if len(loss) == 1 else f"{len(loss)} points"
    fewer = (
        f", {MEANS_ENOUGH} means beside as many evaluations" if TRAIN_LOSS in run.means and least > MEANS_ENOUGH else ""
    )
    said = f"The training loss has {points}; {least} are needed for a verdict{fewer}, or a late one beside {EVALUATIONS} evaluations."
    message = said if TRAIN_LOSS in run else "No training loss was found under a name we know."
    first, last = (int(loss.steps[0]), int(loss.steps[-1])) if len(loss) else (0, run.last_step)
    yield Finding(
        "not_enough_data",
        "info",
        message,
        (Evidence(TRAIN_LOSS, first, last, "finite points", len(loss), least, "points"),),
        (
            Remedy(
                "Log the training loss at every step, and let the run go on.",
                "log_every",
                "each logged step is a point, and the rules need at least that many",
                value=1,
            ),
        ),
    )


def _zero_throughout(loss: Curve) -> Iterator[Finding]:
    if loss.values.any():
        return
    said = f"The training loss is exactly 0 at all {len(loss):,} points: what was logged is not what trains."
    evidence = Evidence(TRAIN_LOSS, int(loss.steps[0]), int(loss.steps[-1]), "points that are not 0", 0, 1, "points")
    remedy = Remedy(
        "Log the loss that backward() is called on, and look whether a mask leaves nothing of it.",
        "log",
        "a loss of exactly 0 has no gradient, and tells nothing",
        value="loss",
    )
    yield Finding("not_enough_data", "warning", said, (evidence,), (remedy,))


RULE = Rule(
    "not_enough_data",
    "Not enough data",
    check,
    fires={
        "six steps": lambda: synthetic.make(synthetic.falling(steps=6)),
        "a loss that is 0 throughout": lambda: synthetic.make(np.zeros(synthetic.STEPS)),
        "one point short": lambda: synthetic.make(synthetic.falling(steps=MIN_POINTS - 1)),
    },
    silent={
        "just enough": lambda: synthetic.make(synthetic.falling(steps=MIN_POINTS)),
        "a healthy run": synthetic.healthy,
    },
)
