"""Training and validation are both still improving at the end: the run stopped, or is being looked at, too soon.

What it means
    Nothing is wrong but the length. The slope at the end says that more steps of the same kind would bring more.

Why it matters
    Stopping here leaves accuracy on the table, and the checkpoint is there to go on from.

Criterion
    The line through the last TAIL of validation (of training, where there is none) over the logarithm of the step falls by at least GAIN of the
    whole fall per doubling, or by BIG of the loss itself and SMALL of the fall, at CLEAR standard errors or more; and the learning rate is
    not spent.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "train and val accuracy both still rising → keep training". Straight over the logarithm of
    the step: losses fall about like a power of it (Hestness et al., 2017). GAIN: calibrated on runs cut short whose continuation is known.

Known limits
    Every loss falls a little for ever; the bound on what is worth it is ours. A schedule that is spent must be restarted, not continued.
"""

from collections.abc import Iterator

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.rules.not_enough_data import MIN_POINTS
from diagnostics.run import Run
from diagnostics.stats.decay import spent
from diagnostics.stats.level import end, start
from diagnostics.stats.trend import TAIL, Trend, trend

GAIN = 0.04  # of the whole fall, per doubling of the steps
BIG, SMALL = (
    0.2,
    0.015,
)  # of the loss at the end, and of the fall: a fifth less loss is worth a run even late in the fall
CLEAR = 5.0  # standard errors
LEAST_EVALS = 8  # evaluations for a slope with an error; fewer and training decides
FACTOR = 2.0  # times the steps: what the slope was measured for


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    val = run.get(VAL_LOSS)
    curve = val.finite() if val is not None and len(val.finite()) >= LEAST_EVALS else run[TRAIN_LOSS].finite()
    now, last, fall = trend(curve), end(curve), start(curve) - end(curve)
    gain = -now.gain
    worth = gain > GAIN * fall or (gain > BIG * abs(last) and gain > SMALL * fall)
    if fall <= 0 or not worth or now.clarity < CLEAR or spent(run):
        return
    what = "Validation" if curve.tag == VAL_LOSS else "Training"
    more = _round(now.last_step - int(curve.steps[0]))
    yield Finding(
        "keep_training",
        "info",
        f"{what} loss is still falling at step {now.last_step:,}: twice the steps should bring it from {last:.3g} to about "
        f"{now.doubled(last):.3g}.",
        (
            _gain_evidence(now, curve.tag, gain, fall, last),
            Evidence(curve.tag, now.first_step, now.last_step, "slope in standard errors", now.clarity, CLEAR),
        ),
        (
            Remedy(
                f"Train {more:,} steps more, from the last checkpoint.",
                "steps",
                f"the last {TAIL:.0%} of the run fell clearly, and the learning rate is not spent",
                factor=FACTOR,
            ),
        ),
    )


def _gain_evidence(now: Trend, tag: str, gain: float, fall: float, last: float) -> Evidence:
    """The bound that was passed: of the whole fall, or of the loss at the end."""
    of_fall = gain > GAIN * fall
    share, limit, of = (gain / fall, GAIN, "whole fall") if of_fall else (gain / abs(last), BIG, "loss at the end")
    said = f"fall per doubling of the steps, as a share of the {of}"
    return Evidence(tag, now.first_step, now.last_step, said, share, limit)


def _round(steps: int) -> int:
    """``steps`` to two figures: the forecast is no better than that."""
    return int(float(f"{steps:.2g}"))


def _slow(pace: float, last: float = 0.1, lr: float = 0.1) -> Run:
    return synthetic.make(
        synthetic.noisy(synthetic.falling(2.3, last, pace=pace)), synthetic.falling(2.3, last + 0.05, pace=pace), lr=lr
    )


RULE = Rule(
    "keep_training",
    "Keep training",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    fires={"half way down": lambda: _slow(1.0), "nearly there": lambda: _slow(3.0)},
    silent={"a healthy run": synthetic.healthy, "levelled off": lambda: _slow(12.0)},
)
