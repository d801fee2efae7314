"""An earlier checkpoint is better than the last one.

What it means
    Validation was best some time ago and has ended a little above that, by more than its jitter.

Why it matters
    The better model is on the disk already. The steps since have cost time and brought nothing.

Criterion
    The end of the validation loss is above its smoothed best by more than RISE of it, by SHARE of the whole fall and by CLEAR widths of the jitter,
    AFTER or more evaluations after that best; validation accuracy, where it was logged, has not gone on improving, and no evaluation after LATEST of the run comes within one width of the
    best.

Source
    Prechelt, "Early stopping – but when?", 1998. A patience of 3 without smoothing loses more than 1 % on 48 % of AlgoPerf's runs; hence the
    smoothing and the width.

Known limits
    Without validation it cannot be seen. Which checkpoints were kept is not known; take the nearest.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.accuracy import since
from diagnostics.stats.level import start
from diagnostics.stats.turning import turn

RISE = 0.02  # of the best validation loss
SHARE = 0.01  # of the whole fall of validation
CLEAR = 4.0  # jitter widths: the lowest of many is itself one or two below the true best
LATEST = 0.8  # of the run: a best that may be later saves little
AFTER = 4  # evaluations after the best: fewer are a blip
LEAST_EVALS = 8  # evaluations, for a jitter


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    val, seen = run[VAL_LOSS].finite(), turn(run[VAL_LOSS])
    fall, span = start(val) - seen.best, int(val.steps[-1] - val.steps[0])
    if seen.after < AFTER or seen.rise <= max(RISE * abs(seen.best), SHARE * fall, CLEAR * seen.jitter):
        return
    if seen.near[1] - val.steps[0] > LATEST * span or _accuracy_holds(run, seen.step):
        return
    said = "median loss at the end over the median at its best"
    ratio = seen.last / seen.best if seen.best else np.inf
    yield Finding(
        "stop_earlier",
        "info",
        f"Validation was best at step {seen.step:,} ({seen.lowest:.4g}{_between(*seen.near)}) and ends at {seen.last:.4g}; "
        f"the {1 - (seen.step - val.steps[0]) / span:.0%} of the run since{_time(val, seen.step)} brought nothing.",
        (Evidence(VAL_LOSS, seen.step, int(val.steps[-1]), said, ratio, 1 + RISE),),
        (
            Remedy(
                f"Go back to the checkpoint of step {seen.step:,}, or stop there next time.",
                "stop_step",
                f"it is better by {seen.rise:.2g}, and validation jitters by {seen.jitter:.1g}",
                value=seen.step,
            ),
        ),
    )


def _between(first: int, last: int) -> str:
    return f", give or take: steps {first:,} to {last:,}" if last > first else ""


def _time(val: Curve, step: int) -> str:
    """The hours since ``step``, where the log has the time of day."""
    seconds = float(val.wall_time[-1] - val.wall_time[np.searchsorted(val.steps, step)])
    return f" ({seconds / 3600:.1f} h)" if np.isfinite(seconds) and seconds >= 360 else ""


def _accuracy_holds(run: Run, step: int) -> bool:
    """Whether accuracy is no lower at the end than at ``step``: then the loss rises from confidence, not from harm."""
    accuracy = since(run, step)
    return accuracy is not None and not accuracy.fell


def _rising(rise: float, at: float = 0.4, *, share: float = 0.002, accuracy: float | None = None) -> Run:
    """Validation that is best at ``at`` of the run and ends ``rise`` above; accuracy that changes by ``accuracy`` since."""
    t = np.linspace(0, 1, synthetic.STEPS)
    since = np.clip(t - at, 0, None) / (1 - at)
    val = synthetic.falling(2.3, 0.5, pace=20) + rise * since
    right = None if accuracy is None else 0.8 - 0.7 * np.exp(-20 * t) + accuracy * since
    return synthetic.make(
        synthetic.noisy(synthetic.falling(2.3, 0.4)), synthetic.noisy(val, share, seed=1), val_accuracy=right
    )


RULE = Rule(
    "stop_earlier",
    "Stop earlier",
    check,
    needs={VAL_LOSS: LEAST_EVALS},
    fires={
        "best at two fifths": lambda: _rising(0.06),
        "accuracy falls as well": lambda: _rising(0.06, accuracy=-0.05),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "a rise within the jitter": lambda: _rising(0.03, share=0.05),
        "accuracy still gains": lambda: _rising(0.06, accuracy=0.05),
        "best near the end": lambda: _rising(0.06, at=0.9),
    },
)
