"""The loss fell fast and is now stuck, thrown about by steps that are too long.

What it means
    The learning rate carries the weights across the valley and back at every step, or its first steps did them harm that stays. The loss stops
    falling not because there is nothing left to learn, but because the steps cannot get any closer.

Why it matters
    A lower rate, or a decay from here on, usually lowers the loss at once and costs one number.

Criterion
    Any of these. The network is dead: at a rate that is still up and with more than HIGH of the start left, validation stays the same to the last digit
    over the second half though the batches differ (or to a few millionths, where the loss fell at once and more than REST is left). The
    training loss ends more than GIVEN_BACK of its fall above its own lowest level, clear of the noise, and has been up for as long as it took to
    get down. One update moved the weights by more than THROWN of their size, or the usual one by more than VIOLENT after the first tenth of the
    run, and the loss is stuck above LITTLE of the start. The loss stood above its start for more than ABOVE of the run
    and ends above HARMED of it. Or, at a rate that never fell below a third of its peak and with less than 5 % of the fall still to
    gain by a doubling of the steps: the loss once jumped to JUMP times its start and is stuck above HARMED of it; or all but LATE of the
    fall was done after EARLY of the run, nothing is clearly or likely gained since, and validation (the training loss where there is none) jumps by
    more than BOUNCE of the fall from one evaluation to the next over the second half. Where a schedule brought the rate down, jumps, long updates and losses
    above the start count as well as they stood before, unless a setting of the network accounts for what is left (see underfitting).

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "fast drop, then plateau → learning rate too high, decay it".
    Size of the remedy: on the DeepOBS grid a tenth, or 3e-3 where the rate is still above that, ends lower for all 20 such runs that live; a
    hundredth, or 1e-4, for 23 of 25 dead ones. None of DeepOBS' 173 good constant rates without rising validation passes a bound; left out of the
    choice of BOUNCE, LATE and GIVEN_BACK, each of the four problems gets the same hits. THROWN: Adam's first step is lr √n / ‖W‖ long; sound
    runs of the lab stay under 0.3, fresh weights a thirtieth of their size come to 0.75, rates far too high to 0.9 and more.

Known limits
    A rate only a little too high shows nothing of the kind, nor does one that a schedule brought down in time. A tiny validation set jumps by
    itself, and a good constant rate may too. A loss that is not meant to fall, an adversary's say, is misread.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import LR, TRAIN_LOSS, UPDATE_RATIO, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.rules import underfitting
from diagnostics.rules.not_enough_data import MIN_POINTS
from diagnostics.run import Run
from diagnostics.stats.bounce import bounce
from diagnostics.stats.decay import at_height, wanes
from diagnostics.stats.excursion import JUMP, excursion
from diagnostics.stats.fall import fall_after
from diagnostics.stats.level import before_training, end, start
from diagnostics.stats.noise import noise
from diagnostics.stats.rates import lower
from diagnostics.stats.relapse import relapse
from diagnostics.stats.standstill import LIKELY, gaining, surely_stuck
from diagnostics.stats.stillness import LAST_DIGIT, STILL, stillness
from diagnostics.stats.strides import gentle, shrunk, strides

BOUNCE = 0.009  # of the fall: see Source
SOLVED = (
    0.2  # training loss over validation loss: below it training is solved, and validation jumps from overconfidence
)
EARLY, LATE = 0.05, 0.35  # of the run, and of the fall: most of the fall of a rate that is too high is done by then
GIVEN_BACK = 0.06  # of the fall: 99 % of DeepOBS' good rates give back under 0.035
THROWN, VIOLENT = 0.8, 0.1  # update ratio, the course's being 1e-3: of one step, and of the usual one
HOT = 1e-2  # update ratio: ten times the course's
ABOVE = 0.1  # of the run spent above the start
HIGH, REST, LITTLE = 0.1, 0.25, 0.05  # of the start: what is left is worth having
HARMED = 0.35  # of the start: a run that recovered from its jump gets lower
MANY = 8.0  # noise widths: see diverged
FACTOR, DEAD_FACTOR = 0.1, 0.01  # the course's step, and the one that revives the dead; see Source for how often
REVIVES = 1e-4  # a rate at which all dead networks of the DeepOBS grid but one end lower, whatever their optimizer
UNCHANGED = "median change of validation, as a share of its level"
JITTER, GAVE_BACK = "jitter as a share of the fall", "share of the fall given back"
FROM_HERE = (JITTER, GAVE_BACK)  # the weights are where they should be, but for the last bit
COSINE = Remedy(
    "Next time, use a cosine schedule over the whole run.",
    "schedule",
    "it starts as fast and ends with steps as short as needed, with nothing to tune",
    value="cosine",
)

Found = tuple[str, Evidence] | None


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the first of the signs that is there."""
    loss = run[TRAIN_LOSS].finite()
    if gentle(run):
        return
    found = _dead(run, loss) or _rose_again(loss) or _violent(run, loss) or _above(run, loss)
    if not found and not wanes(run) and not gaining(loss):
        found = _bounces(run, loss) or _jumped(run, loss)
    found = found or _harmed_before(run)
    if found:
        message, evidence = found
        yield Finding("lr_too_high", "warning", message, (evidence, *_hot(run)), _remedies(run, evidence.statistic))


def _harmed_before(run: Run) -> Found:
    """Before a schedule brought the rate down, it had done harm that no setting of the network accounts for."""
    then = at_height(run)
    enough = TRAIN_LOSS in then and len(then[TRAIN_LOSS].finite()) >= MIN_POINTS
    if not wanes(run) or not enough or (not underfitting.RULE.missing(run) and any(underfitting.check(run))):
        return None
    loss = then[TRAIN_LOSS].finite()
    found = _violent(then, loss) or _above(then, loss) or (None if gaining(loss) else _jumped(then, loss))
    return found and (f"Until step {then.last_step:,}, when the rate began to come down: {found[0]}", found[1])


def _dead(run: Run, loss: Curve) -> Found:
    """No gradient reaches a weight any more, though the rate is up."""
    seen = None if wanes(run) or end(loss) <= HIGH * start(loss) else stillness(run)
    if seen is None or not (seen.dead or (seen.all_but_dead and end(loss) > REST * start(loss))):
        return None
    limit, how = (LAST_DIGIT, "to the last digit") if seen.dead else (STILL, "within a few millionths")
    evidence = Evidence(VAL_LOSS, seen.first_step, seen.last_step, UNCHANGED, seen.change, limit)
    said = f"validation loss has been {seen.level:.7g} {how} since step {seen.first_step:,}"
    return f"The network is dead: {said}.", evidence


def _rose_again(loss: Curve) -> Found:
    """No sound step brings a training loss back up for good, whatever the schedule did later."""
    seen = relapse(loss)
    if seen is None or seen.share <= GIVEN_BACK:
        return None
    span = seen.step, int(loss.steps[-1])
    evidence = Evidence(TRAIN_LOSS, *span, GAVE_BACK, seen.share, GIVEN_BACK)
    return (
        f"The training loss was down to {seen.best:.3g} near step {seen.step:,}, then rose and is at {seen.last:.3g}.",
        evidence,
    )


def _violent(run: Run, loss: Curve) -> Found:
    """One update was about as long as the weights, or nearly all are a good part of them, and the run is stuck since."""
    seen = strides(run)
    if seen is None or end(loss) <= LITTLE * start(loss) or gaining(loss):
        return None
    stuck = f"the training loss is stuck at {end(loss):.3g}"
    if seen.longest > THROWN:
        evidence = Evidence(UPDATE_RATIO, seen.first_step, seen.at, "largest update ratio", seen.longest, THROWN)
        return (
            f"The update at step {seen.at:,} moved the weights by {seen.longest:.0%} of their size; {stuck}.",
            evidence,
        )
    if seen.later <= VIOLENT or shrunk(run):
        return None
    evidence = Evidence(UPDATE_RATIO, seen.first_step, seen.last_step, "median update ratio", seen.later, VIOLENT)
    return f"Single updates move the weights by {seen.later:.0%} of their size; {stuck}.", evidence


def _bounces(run: Run, loss: Curve) -> Found:
    seen = bounce(run)
    if seen is None or seen.share <= BOUNCE or end(loss) < SOLVED * end(run[seen.tag]):
        return None
    if fall_after(loss, EARLY) > LATE or not surely_stuck(loss) or gaining(run[seen.tag], LIKELY):
        return None  # too long a step falls fast, and is stuck then; on its way down a run may wobble
    what = "Validation jumps" if seen.tag != TRAIN_LOSS else "The averaged training loss jumps"
    evidence = Evidence(seen.tag, seen.first_step, seen.last_step, JITTER, seen.share, BOUNCE)
    said = f"up and down by {seen.share:.1%} of the whole fall at a time and no longer gets lower"
    return f"{what} {said}.", evidence


def _above(run: Run, loss: Curve) -> Found:
    """A good part of the run was spent above its start, and it came back to little better."""
    seen = excursion(run)
    if seen is None or seen.share <= ABOVE or end(loss) <= HARMED * before_training(run):
        return None
    said = "share of the run spent above the start"
    evidence = Evidence(seen.tag, seen.first_step, seen.last_step, said, seen.share, ABOVE)
    what = "The training loss" if seen.tag == TRAIN_LOSS else "Validation loss"
    return f"{what} was thrown above its start and stayed there for {seen.share:.0%} of the run.", evidence


def _jumped(run: Run, loss: Curve) -> Found:
    first, last, peak = before_training(run), end(loss), float(loss.values.max())
    width = noise(loss.values[-len(loss) // 4 :])
    if first <= 0 or peak <= JUMP * first or peak - first < MANY * width or last <= HARMED * first:
        return None
    at = int(loss.steps[np.argmax(loss.values)])
    evidence = Evidence(TRAIN_LOSS, at, int(loss.steps[-1]), "highest loss over the first", peak / first, JUMP)
    return f"The training loss jumped to {peak:.3g} at step {at:,} and has been stuck near {last:.3g} since.", evidence


def _hot(run: Run) -> tuple[Evidence, ...]:
    """The update ratio, where it was logged and speaks for the finding."""
    ratio = run.get(UPDATE_RATIO)
    late = ratio.finite() if ratio is not None else None
    if late is None or not len(late):
        return ()
    typical = float(np.median(late.values[len(late) // 2 :]))
    span = int(late.steps[len(late) // 2]), int(late.steps[-1])
    return (Evidence(UPDATE_RATIO, *span, "median update ratio", typical, HOT),) if typical > HOT else ()


def _remedies(run: Run, statistic: str) -> tuple[Remedy, ...]:
    dead = statistic == UNCHANGED
    less = lower(run, DEAD_FACTOR, REVIVES) if dead else lower(run, FACTOR)
    if statistic in FROM_HERE and not wanes(run):
        settles = f"shorter steps settle where longer ones jump across{'; ' if less.why else ''}{less.why}"
        return Remedy(f"Decay the learning rate to {less.to} from here on.", "lr", settles, factor=less.factor), COSINE
    because = (
        "from there no rate brings the units back" if dead else "what long steps did to the weights stays with them"
    )
    why = f"{because}{'; ' if less.why else ''}{less.why}"
    return (
        Remedy(f"Start again at a learning rate of {less.to.rstrip(',')}.", "lr", why, factor=less.factor),
        *(() if dead or wanes(run) else (COSINE,)),
    )


def _bouncing(share: float, last: float = 0.3, lr: float | np.ndarray = 0.5, pace: float = 60) -> Run:
    level = synthetic.falling(2.3, last, pace=pace)
    rng = np.random.default_rng(1)
    return synthetic.make(synthetic.noisy(level, 0.1), level + share * rng.standard_normal(len(level)), lr=lr)


def _stuck(ratio: float | np.ndarray) -> Run:
    return synthetic.make(synthetic.noisy(synthetic.falling(2.3, 1.8, pace=60), 0.1), lr=1.0, update_ratio=ratio)


def _spiked(peak: float, last: float) -> Run:
    level = synthetic.noisy(synthetic.falling(2.3, last, pace=40), 0.02)
    level[3:6] = peak
    return synthetic.make(level, lr=0.5)


RULE = Rule(
    "lr_too_high",
    "Learning rate too high",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    explains=(
        "loss_spike",
        "noisy_validation",
        "update_ratio",
        "missing_warmup",
        "dead_units",
        "predicts_uniformly",
        "stop_earlier",
    ),
    fires={
        "validation jumps": lambda: _bouncing(0.3),
        "validation jumps a little": lambda: _bouncing(0.05),
        "fell, then rose and stayed": lambda: synthetic.make(
            synthetic.noisy(np.r_[synthetic.falling(2.3, 0.5, steps=300), np.full(700, 1.2)], 0.1), lr=0.6
        ),
        "violent updates, and stuck": lambda: _stuck(0.25),
        "one update as long as the weights": lambda: _stuck(np.r_[3.0, np.full(999, 0.01)]),
        "a jump, then stuck": lambda: _spiked(50.0, 1.2),
        "stuck after a jump until a cosine brought the rate down": lambda: synthetic.with_curves(
            _spiked(50.0, 1.2), Curve(LR, np.arange(1, 1001), 0.25 * (1 + np.cos(np.linspace(0, np.pi, 1000))))
        ),
        "dead after the first steps": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(2.3, 1.1, pace=200)), np.r_[2.3, np.full(999, np.float32(1.1))], lr=0.5
        ),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "rounded in the log": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(2.3, 1.1, pace=200)), np.r_[2.3, np.full(999, 1.1)], lr=0.5
        ),
        "calm validation": lambda: _bouncing(0.002),
        "jumps on its way down": lambda: _bouncing(0.03, pace=6),
        "jumps, but decayed since": lambda: _bouncing(0.05, lr=np.where(np.arange(1000) < 800, 0.5, 0.01)),
        "Adam's first steps": lambda: _stuck(0.3 * np.exp(-np.arange(1000) / 10)),
        "a jump that did no harm": lambda: _spiked(50.0, 0.02),
    },
)
