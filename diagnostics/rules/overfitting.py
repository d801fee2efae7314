"""The network learns its training data by heart: validation gets worse, or stays far behind, while training goes on improving.

What it means
    Validation loss passed its best and rose while the training loss went on falling; or training is almost perfect and
    validation has stopped far behind it.

Why it matters
    Later checkpoints are worse than an earlier one, and more steps make it worse still.

Criterion
    Validation ends more than RISE above its best and by more than WORTH of its own fall, clear of its jitter, with the training loss lower than
    at that best. Or validation no longer improves and the gap is wide: ACCURACY_GAP between the accuracies with training at SURE or more, or, where no accuracy
    was logged, GAP of the fall between the losses with a training loss under SOLVED of validation's.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "wide train/val gap → overfitting, regularise". The rise over the smoothed minimum
    at 1.05 reaches macro-F1 0.97 on OverfitGuard's real curves, where a gap alone alarms on 64 % of healthy AlgoPerf runs; hence the gap
    here must come with training solved.

Known limits
    Without validation it cannot be seen. Validation loss may rise from overconfidence while accuracy still holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from collector.schema import TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.rules.not_enough_data import MIN_POINTS
from diagnostics.run import Run
from diagnostics.stats.level import end, start
from diagnostics.stats.noise import noise
from diagnostics.stats.plateau import running_median
from diagnostics.stats.trend import trend

RISE = 0.05  # of the best validation loss: see Source
WORTH = 0.03  # of the fall of validation: a rise from 0.10 to 0.11 after a fall from 2.3 is nothing
CLEAR = 3.0  # jitter widths of the validation curve
GAP = 0.15  # of the fall from the start
SOLVED = 0.2  # of the validation loss: training is that much better
ACCURACY_GAP = 0.1  # ten points of accuracy
SURE = 0.95  # training accuracy
LEAST_EVALS = 5  # evaluations to tell a rise from a blip
GAINING = 0.02  # of the fall per doubling: validation that gains more is not done


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the rise or for the gap."""
    train, val = run[TRAIN_LOSS].finite(), run[VAL_LOSS].finite()
    found = _rise(train, val) or (_accuracy_gap(run) if VAL_ACCURACY in run else _gap(train, val))
    if found:
        yield Finding("overfitting", "warning", found.message, (found.evidence,), _remedies(found.best_step, run))


@dataclass(frozen=True)
class Found:
    """What was found, and the step of the best validation loss."""

    message: str
    evidence: Evidence
    best_step: int


def _best(val: Curve) -> tuple[int, float]:
    """Index and level of the lowest smoothed validation loss."""
    smooth = running_median(val, 3).values
    at = int(np.argmin(smooth))
    return at, float(smooth[at])


def _rise(train: Curve, val: Curve) -> Found | None:
    at, best = _best(val)
    last, step = end(val), int(val.steps[at])
    if at >= len(val) - 3:  # the end is the median of the last three evaluations: they must come after the best
        return None
    clear = last - best > CLEAR * noise(val.values[at:])
    if not clear or last - best <= max(RISE * abs(best), WORTH * (start(val) - best)):
        return None
    if train.steps[0] > step or end(train) >= _around(train, step):
        return None
    evidence = Evidence(VAL_LOSS, step, int(val.steps[-1]), "loss at the end over its best", last / best, 1 + RISE)
    message = f"Validation loss was best at step {step:,} ({best:.3g}) and rose to {last:.3g} while the training loss fell to {end(train):.3g}."
    return Found(message, evidence, step)


def _around(train: Curve, step: int) -> float:
    """Median training loss near ``step``: a fiftieth of the points to each side, at least three."""
    reach = max(3, len(train) // 50)
    at = int(np.searchsorted(train.steps, step))
    return float(np.median(train.values[max(0, at - reach) : at + reach + 1]))


def _accuracy_gap(run: Run) -> Found | None:
    train, val = run.get(TRAIN_ACCURACY), run.get(VAL_ACCURACY)
    if train is None or val is None or min(len(train.finite()), len(val.finite())) < LEAST_EVALS:
        return None
    reached, gap = _mean_end(train), _mean_end(train) - end(val)
    if reached < SURE or gap < ACCURACY_GAP or _gaining(run[VAL_LOSS].finite()):
        return None
    evidence = Evidence(VAL_ACCURACY, *_late(val), "training minus validation accuracy", gap, ACCURACY_GAP, "fraction")
    message = f"Training accuracy is {reached:.1%}, validation only {end(val):.1%}, and validation no longer improves."
    return Found(message, evidence, int(val.steps[np.nanargmax(val.values)]))


def _gap(train: Curve, val: Curve) -> Found | None:
    ends, last, fall = end(train), end(val), start(val) - end(train)
    if last - ends <= GAP * fall or ends > SOLVED * last or _gaining(val):
        return None
    evidence = Evidence(VAL_LOSS, *_late(val), "gap to training as a share of the fall", (last - ends) / fall, GAP)
    message = f"Training loss is down to {ends:.3g}, validation stopped at {last:.3g} and no longer improves."
    return Found(message, evidence, int(val.steps[_best(val)[0]]))


def _gaining(val: Curve) -> bool:
    now = trend(val)
    return -now.gain > GAINING * (start(val) - end(val)) and now.clarity > CLEAR


def _mean_end(curve: Curve) -> float:
    values: Floats = curve.finite().values
    return float(values[-max(3, len(values) // 10) :].mean())


def _late(curve: Curve) -> tuple[int, int]:
    return int(curve.steps[len(curve) // 2]), int(curve.steps[-1])


def _remedies(best_step: int, run: Run) -> tuple[Remedy, ...]:
    weight_decay = 10 * (run.setting("weight_decay") or 0.001)  # ten times what is set, or 0.01
    dropout = min(0.5, 0.2 + (run.setting("dropout") or 0.0))
    return (
        Remedy(
            f"Go back to the checkpoint of step {best_step:,} and stop there.",
            "stop_step",
            "it is the best model this run will give",
            value=best_step,
        ),
        Remedy(
            f"Set weight decay to {weight_decay:g}.",
            "weight_decay",
            "smaller weights cannot fit single examples",
            value=weight_decay,
        ),
        Remedy(
            f"Put dropout of {dropout:.1f} before the last layers, or augment the data.",
            "dropout",
            "the network never sees the same example twice",
            value=dropout,
        ),
    )


def _turned(rise: float, *, last_train: float = 0.01) -> Run:
    """Validation that is best at a third of the run and then rises by ``rise``."""
    t = np.linspace(0, 1, synthetic.STEPS)
    val = synthetic.falling(2.3, 0.5, pace=20) + rise * np.clip(t - 1 / 3, 0, None) * 1.5
    return synthetic.make(synthetic.noisy(synthetic.falling(2.3, last_train)), synthetic.noisy(val, 0.01, seed=1))


RULE = Rule(
    "overfitting",
    "Overfitting",
    check,
    needs={TRAIN_LOSS: MIN_POINTS, VAL_LOSS: LEAST_EVALS},
    explains=("stop_earlier",),
    fires={
        "validation doubles": lambda: _turned(0.5),
        "validation rises by a fifth": lambda: _turned(0.1),
        "training solved, validation stuck": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(2.3, 0.001, pace=15)), synthetic.falling(2.3, 0.9, pace=20)
        ),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "a rise within the jitter": lambda: _turned(0.01, last_train=0.3),
        "both get worse": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(2.3, 0.2) + np.linspace(0, 0.5, 1000)),
            synthetic.falling(2.3, 0.3) + np.linspace(0, 0.5, 1000),
        ),
    },
)
