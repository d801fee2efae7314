"""Signs that the steps of a run were too short: what they say, and by how much the rate should be raised."""

from dataclasses import dataclass

import numpy as np

from collector.schema import LR, RUNNING, TRAIN_LOSS, UPDATE_ALIGNMENT, UPDATE_RATIO, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.report import Evidence
from diagnostics.run import Run
from diagnostics.stats.alignment import MEAN_COSINE, Alignment
from diagnostics.stats.decay import wanes
from diagnostics.stats.first_lesson import SLOW, first_lesson
from diagnostics.stats.games import played
from diagnostics.stats.headway import headway
from diagnostics.stats.level import end, start
from diagnostics.stats.plan import early
from diagnostics.stats.pretrained import pretrained
from diagnostics.stats.rates import careful, far_above, peak
from diagnostics.stats.short_steps import (
    ALIGNED,
    GAIN,
    HARDLY,
    LEAST_PASSES,
    LITTLE,
    LONGEST,
    MEASURED,
    SHORT,
    TIMID,
    WAITED,
    crawls,
    creeps,
    crept,
    hardly_begun,
    keeps_falling,
    never_long,
    passes,
    points_on,
    timid,
    waited,
    went_on,
)
from diagnostics.stats.slide import SMOOTH, slides, tremor
from diagnostics.stats.strides import Strides, stretch, strides, warming
from diagnostics.stats.trend import TAIL

AIM = 5e-3  # update ratio of the longest tenth: the lab's sound networks have that in the median
SURE = 0.1  # of the fall per doubling: a run that brings less is nearly there, and is only told
# By how much to raise the rate, by the gain per doubling: the more of the fall is yet to come, the further off the rate is.
SIZES = ((0.4, 100.0), (0.3, 30.0), (0.15, 10.0), (-np.inf, 3.0))
HALF_DECADE = (
    3.0  # times: without the noise of batches the way leads on at rates that are near the longest that is stable
)
DECADE = 10.0  # where the fall is even, how far off the rate is does not show: the course's step


@dataclass(frozen=True)
class Slow:
    """One sign.

    Attributes:
        said: one sentence with its numbers.
        evidence: where it shows, and what it is held against.
        sure: whether it is more than a remark: enough is still to come.
        factor: how many times the rate should be raised.
        why: a clause on that size.
    """

    said: str
    evidence: tuple[Evidence, ...]
    sure: bool
    factor: float
    why: str


def slow(run: Run) -> Slow | None:
    """The first sign that is there: steps that were measured to be short, or, where nobody measured them, a fall that goes on and on."""
    loss, seen = run[TRAIN_LOSS].finite(), strides(run)
    fine_tuned = pretrained(run)
    if (run.state == RUNNING and warming(run)) or played(run):
        return None  # the rate is being raised; or nothing says that the loss should fall
    measured = seen is not None and not fine_tuned and not warming(run)
    if seen is not None and measured and (never_long(run, loss, seen) or crawls(run, seen)):
        return _short(run, seen)
    if not measured and far_above(run) is not None:
        return None
    if seen is None and went_on(run, loss) and keeps_falling(headway(run)):
        return _unmeasured(run)
    if seen is None and not fine_tuned and creeps(run, loss):
        return _creeping(run)
    if seen is None and not fine_tuned and timid(run, loss):
        return _timid(run, loss)
    if not fine_tuned and (found := points_on(run, loss, seen)) is not None:
        return _aligned(run, found)
    return _by_shape(run, loss) if (seen is None or seen.fullest < AIM * stretch(run)) and not fine_tuned else None


def _by_shape(run: Run, loss: Curve) -> Slow | None:
    """By the shape of the fall alone, where no update is known to have been long."""
    if went_on(run, loss) and hardly_begun(run, headway(run)):
        return _unmeasured(run)
    if slides(run):
        return _sliding(run)
    if (share := waited(run, loss)) > WAITED:
        return _waited(run, share)
    took = None if early(run) else first_lesson(run)
    return _learned_one_thing(run, took) if took is not None and took > SLOW else None


def _short(run: Run, seen: Strides) -> Slow:
    gain = min(one.of_fall for one in headway(run))
    clear = max(one.now.clarity for one in headway(run)) >= MEASURED
    aim, short, long = (stretch(run) * bound for bound in (AIM, SHORT, LONGEST))
    falls = f", and a doubling of the steps brings {_of_fall(gain)}" if clear and gain > GAIN else ""
    said = f"Single updates move the weights by {seen.fullest:.1g} of their size, even where they are longest{falls}."
    statistic = "median update ratio of the tenth where it is highest"
    evidence = Evidence(
        UPDATE_RATIO, seen.first_step, seen.last_step, statistic, seen.fullest, short if seen.fullest < short else long
    )
    size = max(float(f"{aim / seen.fullest:.1g}"), 2.0) if seen.fullest > 0 else SIZES[0][1]
    why = f"it brings the longest update ratios from {seen.fullest:.1g} to about {aim:g}, as sound runs have them"
    return Slow(said, (evidence,), clear and gain > SURE, size, why)


def _unmeasured(run: Run) -> Slow:
    losses, made = headway(run), passes(run)
    curve, gain = losses[-1].curve, min(one.of_fall for one in losses)
    what = "Validation" if curve.tag == VAL_LOSS else "Training"
    said = (
        f"{what} loss still falls by {_of_fall(gain)} per doubling of the steps, after {made:.0f} passes over the data."
    )
    of_fall = "fall per doubling of the steps, as a share of the whole fall"
    evidence = (
        Evidence(curve.tag, *_tail(curve), of_fall, gain, min(gain, GAIN)),
        Evidence(TRAIN_LOSS, *_span(run[TRAIN_LOSS].finite()), "length of the run", made, LEAST_PASSES, "epochs"),
    )
    size = next(size for least, size in SIZES if gain >= least)
    why = f"with {_of_fall(gain)} per doubling yet to come, rates that much higher did better on every curve we know"
    return Slow(said, evidence, gain > SURE, size, why)


def _creeping(run: Run) -> Slow:
    seen = crept(run)
    loss, what = run[seen.tag].finite(), "Validation" if seen.tag == VAL_LOSS else "The training"
    said = f"{what} loss fell by {seen.share:.2g} of its start in {run.last_step - int(loss.steps[0]):,} steps, in a straight line."
    evidence = Evidence(
        seen.tag, *_span(loss), "fall as a share of the start", seen.share, HARDLY if seen.share < HARDLY else LITTLE
    )
    why = "any sound rate has left the start by then"
    return Slow(said, (evidence,), True, SIZES[0][1], why)


def _timid(run: Run, loss: Curve) -> Slow:
    rate, usual, seen = peak(run) or 0.0, careful(run), crept(run)
    said = f"The loss never left its start at {seen.first:.3g}, at a learning rate of {rate:.2g}; {usual:.2g} is rarely too high."
    evidence = Evidence(LR, *_span(loss), "learning rate", rate, TIMID * usual)
    factor = float(f"{usual / rate:.1g}") if rate > 0 else SIZES[0][1]
    return Slow(
        said, (evidence,), True, min(factor, SIZES[0][1]), "from there on too high a rate is as likely as too low a one"
    )


def _sliding(run: Run) -> Slow:
    val = run[VAL_LOSS].finite()
    until = "for as long as the learning rate lasted" if wanes(run) else "and was still falling"
    until = "so far" if run.state == RUNNING else f"at the end, {until}"
    said = f"Validation loss fell evenly, without a tremor, from {val.values[0]:.3g} to {val.values[-1]:.3g} {until}."
    evidence = Evidence(VAL_LOSS, *_span(val), "noise as a share of the fall", tremor(val), SMOOTH)
    gain = min(one.of_fall for one in headway(run))
    why = "steps that neither shake the loss nor change its slope may be longer"
    return Slow(said, (evidence,), gain > SURE, DECADE, why)


def _aligned(run: Run, seen: Alignment) -> Slow:
    said = f"At the end of ten steps the gradient still pointed along them, by a cosine of {seen.gain:.2f} on average: the way still leads down, and steps may be longer."
    evidence = Evidence(UPDATE_ALIGNMENT, seen.first_step, seen.last_step, MEAN_COSINE, seen.gain, ALIGNED)
    why = "how much longer steps may be, the gradient at their end does not tell: raise it by half a decade, and look again"
    return Slow(said, (evidence,), True, HALF_DECADE, why)


def _waited(run: Run, share: float) -> Slow:
    loss = run[TRAIN_LOSS].finite()
    said = f"The training loss stayed at {start(loss):.3g} for {share:.0%} of the run, while validation came down from one evaluation to the next."
    evidence = Evidence(TRAIN_LOSS, *_span(loss), "share of the run before a tenth of the fall", share, WAITED)
    why = "a start without a slope would have held validation as well; longer steps cross it in a part of the time"
    return Slow(said, (evidence,), True, DECADE, why)


def _learned_one_thing(run: Run, took: float) -> Slow:
    val = run[VAL_LOSS].finite()
    said = f"Validation loss took {took:.0%} of the run for half of its way from {val.values[0]:.3g} to {end(val):.3g}, where every example gets the same answer."
    evidence = Evidence(VAL_LOSS, *_span(val), "share of the run before half of the fall", took, SLOW)
    why = "how frequent each answer is a sound rate learns at once; all else comes after it"
    return Slow(said, (evidence,), True, DECADE, why)


def _of_fall(gain: float) -> str:
    """A slope may promise more than the whole fall; how much more, it does not know."""
    return f"{gain:.0%} of the whole fall" if gain < 1 else "as much as the whole fall"


def _span(curve: Curve) -> tuple[int, int]:
    return int(curve.steps[0]), int(curve.steps[-1])


def _tail(curve: Curve) -> tuple[int, int]:
    """Where stats.trend fits its line."""
    first, last = _span(curve)
    return int(curve.steps[np.argmax(curve.steps >= last - TAIL * (last - first))]), last
