"""Training and validation are both still improving at the end: the run stopped, or is being looked at, too soon.

What it means
    Nothing is wrong but the length. The slope at the end says that more steps of the same kind would bring more.

Why it matters
    Stopping here leaves accuracy on the table, and the checkpoint is there to go on from.

Criterion
    The run goes on; or its loss falls and was not yet shown to have levelled off, and the learning rate is not spent. Levelled off means that the line
    through the last TAIL of validation (of training, where there are under LEAST_EVALS evaluations) over the logarithm of the step gains less per
    doubling of the steps than GAIN of the whole fall, or than BIG of the loss itself and SMALL of the fall, by DOWN standard errors; and was not
    seen to gain more by AGAIN standard errors since, nor by DOWN at the end of a run that has ended.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "train and val accuracy both still rising → keep training". Straight over the logarithm of
    the step: losses fall about like a power of it (Hestness et al., 2017). GAIN: calibrated on runs cut short whose continuation is known.

Known limits
    Every loss falls a little for ever; the bound on what is worth it is ours. A schedule that is spent must be restarted, not continued.
"""

from collections.abc import Iterator
from dataclasses import replace

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.rules.not_enough_data import MIN_POINTS
from diagnostics.run import Run
from diagnostics.stats.decay import spent
from diagnostics.stats.level import end
from diagnostics.stats.levelled import AGAIN, BIG, DOWN, GAIN, LEAST_EVALS, SMALL, Falling, falling  # noqa: F401  (Criterion)
from diagnostics.stats.trend import TAIL

CLEAR = 5.0  # standard errors of a slope that is there beyond doubt
FACTOR = 2.0  # times the steps: what the slope was measured for


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    seen = falling(run)
    done = seen.levelled or spent(run)
    if done and run.state != RUNNING:
        return
    remedies = () if done else (_more(seen),)
    yield Finding("keep_training", "info", _message(seen), _evidence(seen), remedies)


def _more(seen: Falling) -> Remedy:
    steps = _round(seen.now.last_step - int(seen.curve.steps[0]))
    return Remedy(
        f"Train {steps:,} steps more, from the last checkpoint.",
        "steps",
        f"the last {TAIL:.0%} of the run has not shown that it levelled off, and the learning rate is not spent",
        factor=FACTOR,
    )


def _message(seen: Falling) -> str:
    what, now, last = "Validation" if seen.curve.tag == VAL_LOSS else "Training", seen.now, end(seen.curve)
    if seen.levelled:
        return f"Nothing is wrong so far. {what} loss has levelled off near {last:.3g}: more steps of the same kind will bring little."
    if now.gain < 0 and now.clarity > CLEAR:
        return (
            f"{what} loss is still falling at step {now.last_step:,}: twice the steps should bring it from {last:.3g} to about "
            f"{now.doubled(last):.3g}."
        )
    return f"{what} loss, {last:.3g} at step {now.last_step:,}, has not levelled off yet, as far as its noise lets one see."


def _evidence(seen: Falling) -> tuple[Evidence, ...]:
    now = seen.now
    said = "possible gain per doubling of the steps, as a share of the whole fall"
    scale = abs(seen.fall) or 1.0
    most = (-now.gain + DOWN * now.error) / scale
    return (
        Evidence(seen.curve.tag, now.first_step, now.last_step, said, most, seen.worth / scale),
        Evidence(seen.curve.tag, now.first_step, now.last_step, "slope in standard errors", now.clarity, CLEAR),
    )


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
    fires={
        "half way down": lambda: _slow(1.0),
        "nearly there": lambda: _slow(3.0),
        "levelled off, but going on": lambda: replace(_slow(12.0), state=RUNNING),
    },
    silent={"a healthy run": synthetic.healthy, "levelled off": lambda: _slow(12.0)},
)
