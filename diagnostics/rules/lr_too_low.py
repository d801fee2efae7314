"""The loss is still on its way down after a long run: each step is too short.

What it means
    The weights move in the right direction and hardly get anywhere. Twice the steps would still bring a good part of what
    the whole run has brought, and nothing bounces or overfits.

Why it matters
    A higher rate reaches the same loss in a fraction of the steps, and usually a lower one in the end.

Criterion
    The steps are short: the update ratio is under SHORT in the median, steps at less than a third of the peak rate left out, and was under BEGINS over
    the first tenth of the run. And the loss still falls: training and validation (where it was logged), taken over the sum of the rates where
    a schedule brought the rate down, each gain more than GAIN of the whole fall per doubling, or BIG of the loss itself, one of
    them at MEASURED standard errors or more, both at LIKELY (with validation at CLEAR, training may be ABLE errors from that), and validation gains at least CLOSE of what training surely gains, or KEEPS_UP where
    less than LATE of the start is left.

    Where no update ratio was logged and the rate never fell below a third of its peak: the loss falls as above (at CLEAR standard errors, and by SMALL of the fall at least), the run
    has made LEAST_PASSES over the data, MUCH of the start is left (less with every pass, any after LONG), and there is much to come: the next
    doublings, each compared with the one before as the last two compare, would bring LEFT of the fall so far, or the loss that is left
    shrinks by BIG each time and the last brought STEADY of the one before or more; but not SUDDEN times as much, as a loss that just left a
    plateau does.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "loss goes down, but slowly, almost in a straight line → learning rate too
    low", and the update ratio "should be around 1e-3". SHORT and BEGINS: over 11 small networks of the lab, runs with a rate 12 to 100 times too low
    have 5e-5 to 7e-4 and begin under 1.5e-3; sound ones, cut short ones among them, have 1.1e-3 and more, or begin above 1.8e-3 and get short as the loss is
    solved. Where no ratio was logged, the remedy was looked up on the DeepOBS grid, where every other rate was tried: it lowers the final loss of all
    55 runs that the rule finds, 52 of which have a rate that is too low by the grid's own label.

Known limits
    A plateau at the start looks like bad initialization, and one that never ends shows no slope. Without update ratios and epochs nothing tells it
    from a run cut short, which is then said instead. Fine-tuning takes short steps on purpose; it is judged by its fall alone.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from collector.schema import TRAIN_LOSS, UPDATE_RATIO, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy, Severity
from diagnostics.rule import Rule
from diagnostics.rules.not_enough_data import MIN_POINTS
from diagnostics.run import Run
from diagnostics.stats.decay import wanes
from diagnostics.stats.full_rate import at_full_rate
from diagnostics.stats.level import end, start
from diagnostics.stats.octaves import octaves
from diagnostics.stats.rates import highest, peak
from diagnostics.stats.strides import strides
from diagnostics.stats.trend import TAIL, Trend, trend

GAIN = 0.04  # of the whole fall per doubling of the steps, as in keep_training
BIG, SMALL = 0.12, 0.02  # of the loss at the end, and of the fall: late in the fall an eighth less loss is still much
SURE = 0.1  # of the fall per doubling: a run that brings less is nearly there, and is only told
CLEAR, LIKELY = 8.0, 1.0  # standard errors: a slow fall is a smooth one; single batches, of training, are not
ABLE = 2.0  # standard errors that a slope lost in noise may be steeper than it looks
MEASURED = 4.0  # standard errors where short steps were measured: the fall need not tell
CLOSE, KEEPS_UP = 0.82, 0.75  # of what training gains: on the way down, and late in the fall
LATE = 0.2  # of the start: with less than that left, training and validation part at any rate
LEFT = 0.25  # of the fall so far: on the DeepOBS grid good rates leave under 0.13 or nearly all of them, and low ones over 0.39
STEADY = 0.3  # times the doubling before: a fall that comes to its end brings less
SUDDEN = (
    4.0  # times the doubling before: a loss falling straight with the step has 2, one that just left a plateau more
)
SHORT = 8.5e-4  # update ratio at the full rate, in the median; sound runs of the lab have 1.1e-3 and more
BEGINS = 2e-3  # update ratio over the first tenth: sound runs whose updates get short because the loss is solved begin above it
GOOD_RATIO = 1e-3  # the course's
LEAST_PASSES, LONG = 10, 100  # passes over the data
MUCH = 0.7  # of the start, left at first, less with every pass and nothing after LONG: good rates have less left
LEAST_EVALS = 8  # evaluations for a slope with an error
# By how much to raise the rate, by the gain per doubling: the more of the fall is yet to come, the further off the rate is.
SIZES = ((0.4, 100.0), (0.3, 30.0), (0.15, 10.0), (0.0, 3.0))

USUAL = 3.0, 10.0  # times the course's update ratio: sound runs are between, and beyond updates become violent

Slopes = list[tuple[Curve, Trend]]  # of training, and of validation where there is enough of it


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    loss = run[TRAIN_LOSS].finite()
    short = _short(run, loss)
    if short is None or start(loss) <= end(loss):
        return
    slopes, measured = _slopes(run, loss), short.tag == UPDATE_RATIO
    clear = max(now.clarity for _, now in slopes) >= (MEASURED if measured else CLEAR)
    falls = clear and _fall(slopes, measured) and _keeps_up(slopes)
    if falls and (measured or _much_to_come(slopes)):
        gain = min(-now.gain / abs(start(curve) - end(curve)) for curve, now in slopes)
        yield _finding(run, slopes[-1][0], gain, short)


def _slopes(run: Run, loss: Curve) -> Slopes:
    """Of training, and of validation that has points enough, as if the rate had stayed at its peak."""
    val = run.get(VAL_LOSS)
    curves = [loss, val.finite()] if val is not None and len(val.finite()) >= LEAST_EVALS else [loss]
    return [(curve, trend(at_full_rate(run, curve) if wanes(run) else curve)) for curve in curves]


def _fall(slopes: Slopes, measured: bool) -> bool:
    """Whether all fall; where steps were measured and validation is clear, training need only be able to, for all that its noise shows."""
    (loss, train), (curve, last) = slopes[0], slopes[-1]
    if measured and train is not last and last.clarity >= CLEAR:
        train = replace(train, gain=train.gain - ABLE * train.error, error=0.0)
    return _falling(loss, train, measured) and _falling(curve, last, measured)


def _falling(curve: Curve, now: Trend, measured: bool) -> bool:
    """Clearly, and by enough: of the whole fall, or of the loss that is left, where short steps were not measured of the fall as well."""
    fall, gain = abs(start(curve) - end(curve)), -now.gain
    enough = gain > GAIN * fall or (gain > BIG * abs(end(curve)) and (measured or gain > SMALL * fall))
    return enough and now.clarity >= LIKELY


def _much_to_come(slopes: Slopes) -> bool:
    """Whether the doublings do not peter out, or still take much of what is left; of validation, once it has points enough."""
    for curve, now in reversed(slopes):
        seen, fall = octaves(curve), abs(start(curve) - end(curve))
        if seen is None:
            continue
        if seen.last > SUDDEN * max(seen.before, 0.0):
            return False
        return seen.left > LEFT * fall or (-now.gain > BIG * abs(end(curve)) and seen.last > STEADY * seen.before)
    return False


def _keeps_up(slopes: Slopes) -> bool:
    """Whether validation gains most of what training surely gains: a run that begins to overfit is not held back by its rate."""
    (loss, train), (_, val) = slopes[0], slopes[-1]
    share = CLOSE if end(loss) > LATE * start(loss) else KEEPS_UP
    return train is val or -val.gain >= share * (-train.gain - train.error)


def _short(run: Run, loss: Curve) -> Evidence | None:
    """That the steps are short, or, where nobody measured them, that there were more than enough at a rate that stayed up."""
    seen = strides(run)
    if seen is not None:
        span, short = (seen.first_step, seen.last_step), seen.typical < SHORT and seen.early < BEGINS
        return Evidence(UPDATE_RATIO, *span, "median update ratio", seen.typical, SHORT) if short else None
    passes = float(run.epochs.values[-1] - run.epochs.values[0]) if run.epochs is not None and len(run.epochs) else 0.0
    enough = passes >= LEAST_PASSES and end(loss) > MUCH * (1 - passes / LONG) * start(loss)
    span = int(loss.steps[0]), int(loss.steps[-1])
    return (
        Evidence(loss.tag, *span, "length of the run", passes, LEAST_PASSES, "epochs")
        if enough and not wanes(run)
        else None
    )


def _finding(run: Run, curve: Curve, gain: float, short: Evidence) -> Finding:
    what = "Validation" if curve.tag == VAL_LOSS else "Training"
    if short.tag == UPDATE_RATIO:
        why = f"while single updates move the weights by only {short.measured:.1g} of their size"
    else:
        why = f"after {short.measured:.0f} passes over the data"
    message = f"{what} loss still falls by {gain:.0%} of its whole fall per doubling of the steps, {why}."
    said = "fall per doubling of the steps, as a share of the whole fall"
    evidence = Evidence(curve.tag, *_tail(curve), said, gain, GAIN if gain > GAIN else min(gain, SMALL))
    severity: Severity = "warning" if gain > SURE else "info"
    return Finding("lr_too_low", severity, message, (evidence, short), _remedies(run, gain, short))


def _tail(curve: Curve) -> tuple[int, int]:
    """Where stats.trend fits its line."""
    first, last = int(curve.steps[0]), int(curve.steps[-1])
    return int(curve.steps[np.argmax(curve.steps >= last - TAIL * (last - first))]), last


def _remedies(run: Run, gain: float, short: Evidence) -> tuple[Remedy, ...]:
    factor, because = _size(gain, short)
    top, rate = highest(run), peak(run) or 0.0
    if top is not None and 0 < top < rate * factor:
        factor = max(float(f"{top / rate:.1g}"), 2.0)
        because = f"the curve asks for more, but rates above {top:g} are rare with this optimizer"
    now = f" to {factor * rate:.2g}{' at its peak' if wanes(run) else ''}" if rate else ""
    return (
        Remedy(f"Raise the learning rate {factor:g} times{now}.", "lr", because, factor=factor),
        Remedy(
            "Warm up to it over the first 5 % of the steps.",
            "warmup",
            "a rate that is right later can be too much for fresh weights",
            value=0.05,
        ),
    )


def _size(gain: float, short: Evidence) -> tuple[float, str]:
    """The factor, and why: by what is yet to come, but to an update ratio that sound runs have."""
    factor = next(size for least, size in SIZES if gain >= least)
    because = f"with {gain:.0%} of the fall per doubling yet to come, rates that much higher did better on every curve we know"
    if short.tag != UPDATE_RATIO:
        return factor, because
    least, most = (times * GOOD_RATIO / short.measured for times in USUAL)
    if least <= factor <= most:
        return factor, because
    factor, aim = (least, USUAL[0]) if factor < least else (most, USUAL[1])
    return float(
        f"{factor:.1g}"
    ), f"it brings the update ratio from {short.measured:.1g} to about {aim * GOOD_RATIO:.0e}, as sound runs have it"


def _slow(pace: float, *, ratio: float | None = 1e-4, passes: float = 5.0, lr: float | np.ndarray = 1e-4) -> Run:
    loss = synthetic.falling(2.3, 0.2, pace=pace)
    run = synthetic.make(synthetic.noisy(loss, 0.02), loss + 0.01, lr=lr, update_ratio=ratio)
    steps = run[TRAIN_LOSS].steps
    return replace(run, epochs=Curve("epoch", steps, steps * passes / len(steps)))


def _left_late(at: int) -> Run:
    run = _slow(1.0, ratio=None, passes=100)
    loss = np.r_[np.full(at, 2.3), synthetic.falling(2.3, 0.2, pace=1.5, steps=synthetic.STEPS - at)]
    late = synthetic.make(synthetic.noisy(loss, 0.02), loss + 0.01, lr=1e-4)
    return replace(late, epochs=run.epochs)


RULE = Rule(
    "lr_too_low",
    "Learning rate too low",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    explains=("predicts_uniformly",),
    fires={
        "short steps": lambda: _slow(1.0),
        "many passes, no ratios": lambda: _slow(1.0, ratio=None, passes=100),
        "short steps, whatever the schedule": lambda: _slow(2.0, lr=1e-4 * (1 + np.cos(np.linspace(0, np.pi, 1000)))),
        "few passes, hardly moved": lambda: _slow(0.2, ratio=None, passes=15),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "cut short, at a good rate": lambda: _slow(1.0, ratio=2e-3),
        "few passes, no ratios": lambda: _slow(1.0, ratio=None),
        "forty passes, most of it done": lambda: _slow(1.7, ratio=None, passes=40),
        "each doubling brings less": lambda: _slow(6.0, ratio=None, passes=100),
        "just off a plateau": lambda: _left_late(600),
        "decayed": lambda: _slow(1.0, ratio=None, passes=100, lr=np.where(np.arange(1000) < 800, 0.1, 0.001)),
        "long steps, decayed": lambda: _slow(1.0, ratio=2e-3, lr=np.where(np.arange(1000) < 800, 0.1, 0.001)),
        "levelled off": lambda: _slow(20.0),
    },
)
