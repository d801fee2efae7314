"""The learning rate was decayed while the loss was still falling, and the loss froze there.

What it means
    Before the decay the loss was on its way down; after it the steps became too short to go on. The run ends above where the
    higher rate was heading.

Why it matters
    The rest of the budget is spent on almost nothing. The same schedule with a later decay ends lower at no cost.

Criterion
    The learning rate fell below a third of its peak before LATEST of the run and stayed (it ends above STAYS of what it was SETTLING of the rest later, or that was below NOTHING
    of the peak, or it was so at EARLY of the run, or NEARLY_ALL of the sum of its rates was spent by SOON: a rate that goes down all along or in stages has no such cut), and one of these, at the
    end, or as the run stood at two neighbours among EARLIER:

    - *It was heading lower.* The training loss was falling clearly then (CLEAR standard errors over the last stretch before the decay), and the power law through that
      stretch, with half its exponent to be careful, is heading more than MARGIN and WORTH of the whole fall, or BIG_WORTH of it, below the loss the run ends at.
    - *It still creeps.* The loss creeps down at the end by CREEP of itself or CREEP_FALL of the fall per doubling of the steps, at CREEP_CLEAR standard errors.
    - *Too few steps.* The cut came before EARLY, the loss had not levelled off by then, and since then (but for the first SETTLING of the rest) it falls by as much per doubling
      of the sum of the learning rate, at CLOCK_CLEAR standard errors: short steps do as much as they ever did for their length, and there were not enough of them.
    - *The rest stood still.* The rate was below DEAD of its peak from before DEAD_BY of the run on, the loss had not levelled off by the cut, and is above SOLVED of its start.
    - *The gradient points on.* Where update alignment was recorded: since the cut, the gradient at the end of ten steps still points along them, by a cosine of POINTS_ON or more on
      average, at POINTS_CLEAR standard errors, and by more than before the cut. The loss is above SOLVED of its start, and it (validation, where there are evaluations enough) still gains GAIN of its fall
      by a doubling of the sum of the rates.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "loss still going down when the learning rate dropped → decayed too early".
    Power law of the loss: Hestness et al., "Deep learning scaling is predictable, empirically", 2017. Half the exponent: our own caution.

Known limits
    Needs the learning rate. A loss about to level off by itself looks the same as one that would have gone on.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import LR, TRAIN_LOSS, UPDATE_ALIGNMENT, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.alignment import MEAN_COSINE, alignment
from diagnostics.stats.decay import DEAD, DEAD_BY, Decay, decay, died_away, gain_per_sum, made  # noqa: F401 (the Criterion names one)
from diagnostics.stats.earlier import EARLIER, stood  # noqa: F401 (the Criterion names one)
from diagnostics.stats.heading import heading
from diagnostics.stats.level import end, start
from diagnostics.stats.levelled import falling
from diagnostics.stats.short_steps import GAIN, SOLVED, still_gains  # noqa: F401 (the Criterion names two)
from diagnostics.stats.trend import trend

LATEST = 0.5  # of the run: a later decay leaves too little to complain of
CLEAR = 3.0  # standard errors: one chance in 700 when nothing falls
MARGIN = 0.15  # of the final loss
WORTH, BIG_WORTH = 0.01, 0.08  # of the fall from start to end: with MARGIN, and without it for losses with a high floor
LEAST_EVALS = 8  # evaluations for a slope with an error
CREEP, CREEP_FALL = 0.04, 0.015  # per doubling of the steps: of the loss at the end, and of the whole fall
CREEP_CLEAR = 8.0  # standard errors: a decayed rate is quiet, so a slow fall shows clearly
EARLY = 0.25  # of the run: usual schedules of steps come later, and after them what is left falls as well
CLOCK_CLEAR = 4.0  # standard errors of ten groups: one chance in 500
# of the run, and of the sum of its rates: a cosine has spent 0.56 of it by then, tenths at every third of the run 0.81
SOON, NEARLY_ALL = 0.3, 0.9
STAYS, NOTHING = 0.9, 0.03  # of the rate soon after the cut; of the peak
# mean cosine between ten steps and minus the gradient at their end, and standard errors: of the lab's runs that have it after such a cut, each was hurt by it (tests/benchmarks/test_bounds.py)
POINTS_ON, POINTS_CLEAR = 0.1, 5.0
SETTLING = 0.1  # of the rest of the run: what the noise of the longer steps held up falls at once

Found = tuple[str, tuple[Evidence, ...]] | None


def check(run: Run) -> Iterator[Finding]:
    """Fires once, at the decay."""
    loss, fall = run[TRAIN_LOSS].finite(), _early_cut(run)
    if fall and (found := _hurt(run) or _hurt_before(run)):
        message, evidence = found
        done = (fall.step - int(loss.steps[0])) / max(1, int(loss.steps[-1]) - int(loss.steps[0]))
        said = f"The learning rate was cut at step {fall.step:,} ({done:.0%} of the run) {message}"
        yield Finding("decay_too_early", "warning", said, evidence, _remedies(loss, fall))


def _early_cut(run: Run) -> Decay | None:
    """The decay, if it came early and stayed."""
    fall = decay(run)
    return fall if fall and _early(run[TRAIN_LOSS].finite(), fall) and _stays(run, fall) else None


def _hurt(run: Run) -> Found:
    """What says that the loss was not done when the rate was cut for good."""
    loss, fall = run[TRAIN_LOSS].finite(), _early_cut(run)
    if fall is None:
        return None
    return (
        _stopped_short(loss, fall)
        or _creeps(run, fall)
        or _starves(run, loss, fall)
        or _points_on(run, loss, fall)
        or _stood_still(run, loss, fall)
    )


def _hurt_before(run: Run) -> Found:
    """The same before its end: once the short steps have brought the little that they can, nothing shows any more."""
    seen = stood(run, lambda then: None if RULE.missing(then) else _hurt(then))
    if seen is None:
        return None
    then, (message, evidence) = seen
    return f"{message} This is how it stood at step {then.last_step:,}.", evidence


def _early(loss: Curve, fall: Decay) -> bool:
    first, last = int(loss.steps[0]), int(loss.steps[-1])
    return fall.step - first <= LATEST * (last - first)


def _stopped_short(loss: Curve, fall: Decay) -> Found:
    """The loss was falling clearly, and was heading well below where it ended."""
    where = heading(loss, fall.step)
    if where is None or where.clarity < CLEAR:
        return None
    last, whole = end(loss), start(loss) - end(loss)
    lost = last - where.level
    if lost < BIG_WORTH * whole and (lost < MARGIN * abs(last) or lost < WORTH * whole):
        return None
    message = f"while the loss was still falling; it was heading for {where.level:.3g} and ended at {last:.3g}."
    span = fall.step, int(loss.steps[-1])
    before = where.first_step, fall.step
    return message, (
        Evidence(TRAIN_LOSS, *span, "loss at the end, against where it was heading", last, where.level),
        Evidence(TRAIN_LOSS, *before, "fall before the decay, in standard errors", where.clarity, CLEAR),
    )


def _stays(run: Run, fall: Decay) -> bool:
    """Whether the rate was cut once and left there.

    One that goes down all along, as 1/√t and exponential decays do, or in stages, as thirds of the run do, still feeds the loss, unless it is next to nothing soon.
    """
    rate = run[LR].finite()
    first, last = rate.steps[0], rate.steps[-1]
    soon = fall.step + int(SETTLING * (last - fall.step))
    then, early = rate.at(np.array([soon, first + int(EARLY * (last - first))]))
    stays = rate.values[-1] >= STAYS * then or min(then, early) <= NOTHING * fall.peak
    return bool(stays or _spent_by(run, SOON) >= NEARLY_ALL)


def _spent_by(run: Run, share: float) -> float:
    """How much of the sum of the learning rate was spent by a ``share`` of the run."""
    loss = run[TRAIN_LOSS].finite()
    at = loss.steps[0] + share * (loss.steps[-1] - loss.steps[0])
    return float(np.interp(at, loss.steps, made(run, loss)))


def _creeps(run: Run, fall: Decay) -> Found:
    """Since the cut the loss has crept down without end: there is more to gain than the short steps can fetch."""
    curve = _judged(run)
    now, last, whole = trend(curve), end(curve), start(curve) - end(curve)
    worth = -now.gain > CREEP * abs(last) or -now.gain > CREEP_FALL * whole
    if whole <= 0 or not worth or now.clarity < CREEP_CLEAR:
        return None
    evidence = Evidence(
        curve.tag, now.first_step, now.last_step, "slope at the end in standard errors", now.clarity, CREEP_CLEAR
    )
    return f"and the loss has crept down ever since; it is at {last:.3g} and still falling.", (evidence,)


def _judged(run: Run) -> Curve:
    val = run.get(VAL_LOSS)
    return val.finite() if val is not None and len(val.finite()) >= LEAST_EVALS else run[TRAIN_LOSS].finite()


def _starves(run: Run, loss: Curve, fall: Decay) -> Found:
    """An early cut: the loss falls on as fast as its steps are long, and all the rest of the run adds up to little."""
    begin, last = int(loss.steps[0]), int(loss.steps[-1])
    known = len(loss.where(loss.steps <= fall.step)) >= LEAST_EVALS
    if fall.step - begin > EARLY * (last - begin) or (known and _levelled(run.until(fall.step))):
        return None
    curve = _judged(run)
    after = curve.where(curve.steps >= fall.step + SETTLING * (last - fall.step))
    gain, clarity = gain_per_sum(run, after) if len(after) >= LEAST_EVALS else (0.0, 0.0)
    worth = min(CREEP * abs(end(curve)), CREEP_FALL * (start(curve) - end(curve)))
    if worth <= 0 or gain < worth or clarity < CLOCK_CLEAR:
        return None
    said = "slope over the sum of the learning rate, in standard errors"
    evidence = Evidence(curve.tag, int(after.steps[0]), int(after.steps[-1]), said, clarity, CLOCK_CLEAR)
    return f"and the loss, {end(curve):.3g} now, has fallen only as fast as such short steps allow.", (evidence,)


def _levelled(run: Run) -> bool:
    """Whether the loss came down, and then no further: one that never left its start has not levelled off."""
    seen = falling(run)
    return seen.fall > 0 and seen.surely


def _points_on(run: Run, loss: Curve, fall: Decay) -> Found:
    """Since the cut the gradient has pointed on along the steps, more than it did before: they no longer get to where it leads."""
    before, since = alignment(run, until=fall.step), alignment(run, after=fall.step)
    if since is None or since.gain < POINTS_ON or since.clarity < POINTS_CLEAR:
        return None
    if (before is not None and before.gain > since.gain) or not still_gains(run):
        return None
    evidence = Evidence(UPDATE_ALIGNMENT, since.first_step, since.last_step, MEAN_COSINE, since.gain, POINTS_ON)
    message = f"and since then the gradient has pointed on along the steps, by a cosine of {since.gain:.2f} on average: the way still leads down."
    return message, (evidence,)


def _stood_still(run: Run, loss: Curve, fall: Decay) -> Found:
    """For nearly all of the run the rate was next to nothing, and nobody knows that the loss was done by then."""
    last = died_away(run)
    known = len(loss.where(loss.steps <= fall.step)) >= MIN_POINTS
    if last is None or end(loss) <= SOLVED * start(loss) or (known and _levelled(run.until(fall.step))):
        return None
    rate = run[LR].finite()
    left = float(rate.values[rate.steps > last].max()) / fall.peak
    evidence = Evidence(LR, last, run.last_step, "highest rate since, as a share of the peak", left, DEAD)
    said = f"and below a thousandth of its peak from step {last:,} on, so that the rest of the run changed nothing; the loss stands at {end(loss):.3g}. Was the scheduler, which counts epochs, stepped after every batch?"
    return said, (evidence,)


def _remedies(loss: Curve, fall: Decay) -> tuple[Remedy, ...]:
    later = int(loss.steps[0] + 0.7 * (loss.steps[-1] - loss.steps[0]))
    return (
        Remedy(
            f"Keep the learning rate at {fall.before:.2g} until about step {later:,}, then decay.",
            "decay_step",
            "most of the fall comes at the high rate; a decay near the end of the budget gathers the rest",
            value=later,
        ),
        Remedy(
            "Or use a cosine schedule over the whole budget.",
            "schedule",
            "it has no step to misplace",
            value="cosine",
        ),
    )


def _cut(at: int, *, after: float = 0.01, pace: float = 3.0, noise: float = 0.04) -> Run:
    """A power-law fall, seen through ``noise``, that freezes when the rate is multiplied by ``after`` at step ``at``."""
    t = np.arange(1, synthetic.STEPS + 1)
    clock = np.where(t <= at, t, at + after * (t - at))
    loss = 2.3 * (1 + pace * clock / 30) ** -0.8
    val = synthetic.noisy(loss, 0.0002, seed=1)
    return synthetic.make(synthetic.noisy(loss, noise), val, lr=np.where(t <= at, 0.1, 0.1 * after))


def _exponential(pace: float) -> Run:
    """The same under a rate that comes down by e^-pace over the run, to a hundredth at the least."""
    rate = np.maximum(np.exp(-np.linspace(0, pace, synthetic.STEPS)), 0.01)
    loss = 2.3 * (1 + np.cumsum(rate) / 10) ** -0.8
    return synthetic.make(synthetic.noisy(loss, 0.04), synthetic.noisy(loss, 0.0002, seed=1), lr=0.1 * rate)


def _a_tenth_every(steps: int) -> Run:
    """A loss that falls as far as the sum of the rates carries it, from 1 to 0.95 or so, where the rate loses nine tenths again and again."""
    rate = np.power(0.1, 1.0 + np.arange(synthetic.STEPS) // steps).astype(np.float64)
    return synthetic.make(synthetic.noisy(1 - 0.05 * np.cumsum(rate), 0.005), lr=rate)


def _power() -> Floats:
    return np.asarray(5.0 * np.arange(1, synthetic.STEPS + 1) ** -0.12)


RULE = Rule(
    "decay_too_early",
    "Decayed too early",
    check,
    needs={TRAIN_LOSS: MIN_POINTS, LR: 2},
    explains=("lr_too_low",),
    fires={
        "cut at 10 %": lambda: _cut(100),
        "cut at 30 %": lambda: _cut(300),
        "cut at 10 %, hidden by noise until then": lambda: _cut(100, noise=0.5),
        "down to a hundredth within a fifth, bit by bit": lambda: _exponential(20.0),
        "a scheduler for epochs stepped after every batch": lambda: _a_tenth_every(10),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "cut at 80 %": lambda: _cut(800),
        "in stages, at a third and at two": lambda: synthetic.make(
            synthetic.noisy(_power(), 0.02),
            synthetic.noisy(_power(), 0.0005, seed=1),
            lr=np.repeat([0.1, 0.01, 0.001], [330, 330, 340]),
        ),
        "down to a hundredth by the end, bit by bit": lambda: _exponential(4.6),
        "down all along, as 1/√t": lambda: synthetic.make(
            synthetic.noisy(_power(), 0.02),
            synthetic.noisy(_power(), 0.0005, seed=1),
            lr=0.1 * np.minimum(np.arange(1, 1001) / 10, (np.arange(1, 1001) / 10) ** -0.5),
        ),
        "cut at a fifth, when nothing fell any more": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(pace=100), 0.04),
            synthetic.noisy(synthetic.falling(pace=100), 0.01, seed=1),
            lr=np.where(np.arange(1000) < 200, 0.1, 0.001),
        ),
        "cut when nothing fell any more": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(pace=60), 0.04), lr=np.where(np.arange(1000) < 300, 0.1, 0.001)
        ),
    },
)
