"""The loss fell fast and is now stuck, thrown about by steps that are too long.

What it means
    The learning rate carries the weights across the valley and back at every step. The loss stops falling not because there
    is nothing left to learn, but because the steps cannot get any closer.

Why it matters
    A lower rate, or a decay from here on, usually lowers the loss at once and costs one number.

Criterion
    The network is dead: at a rate that is still up, and with more than HIGH of the start left, validation changes by less than LAST_DIGIT of itself from one
    evaluation to the next over the second half, though the batches differ; or by less than STILL, and by less than DRIFT in all, when the loss fell
    by half at the first steps and more than REST of the start is left. Or the training loss ends more than GIVEN_BACK of its fall above its
    own lowest level, clear of the noise, and has been up for as long as it took to get down. Or the update ratio was above VIOLENT at its height and the
    loss is stuck above HIGH of the start. Or the learning rate never fell below a third of its peak, and: the loss stood above JUMP times its start
    for more than ABOVE of the run and ends above HARMED of it; or the end of the run gains less than GAIN of the fall per doubling of the steps (or not clearly)
    and the loss first jumped to JUMP times its start and is stuck above HARMED of it; or so and all but LATE of the fall was done after EARLY of the run,
    a doubling takes less than STUCK of what is left and cannot, as far as the noise shows, bring MAYBE of the fall, and validation (the training loss
    where there is none) jumps by more than BOUNCE of the whole fall from one evaluation to the next over the second half.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "fast drop, then plateau → learning rate too high, decay it".
    Size of the remedy: on the DeepOBS grid a tenth, or 3e-3 where the rate is still above that, ends lower for all 20 such runs that live; a
    hundredth, or 1e-4, for 23 of 25 dead ones. On the lab's sound runs, which decay their rate, the jitter stays under 0.2 %, the loss gives back
    under 5 % and the update ratio stays under 0.06; none of DeepOBS' 173 good constant rates without rising validation passes a bound. Left out of the
    choice of BOUNCE, LATE, GIVEN_BACK and STUCK, each of the four problems gets the same hits.

Known limits
    A rate only a little too high shows nothing of the kind. A tiny validation set jumps by itself, and a good constant rate may too. A
    loss that is not meant to fall, an adversary's say, is misread.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import TRAIN_LOSS, UPDATE_RATIO, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.rules.not_enough_data import MIN_POINTS
from diagnostics.run import Run
from diagnostics.stats.bounce import bounce
from diagnostics.stats.decay import wanes
from diagnostics.stats.fall import fall_after
from diagnostics.stats.level import before_training, blocks, end, start
from diagnostics.stats.noise import noise
from diagnostics.stats.plateau import running_median
from diagnostics.stats.rates import lower
from diagnostics.stats.stillness import LAST_DIGIT, stillness
from diagnostics.stats.trend import trend

BOUNCE = 0.009  # of the fall: see Source
SOLVED = (
    0.2  # training loss over validation loss: below it training is solved, and validation jumps from overconfidence
)
EARLY, LATE = 0.05, 0.35  # of the run, and of the fall: most of the fall of a rate that is too high is done by then
STUCK = 0.04  # of the loss that is left: a doubling of the steps that takes more off it is not "stuck"
MAYBE = 0.1  # of the fall: a gain that may be as large, as far as the noise lets one see, is not known to be none
GIVEN_BACK = 0.06  # of the fall: 99 % of DeepOBS' good rates give back under 0.035
LEAST_BLOCKS = 20  # of stats.level: a level and its neighbours
STILL, DRIFT = 2e-5, 2e-4  # of the level: a network all but dead, which a few output units still move
REST = 0.25  # of the start
UNCHANGED = "median change of validation, as a share of its level"
JUMP = 1.5  # times the start: no batch of a sound run reaches it
ABOVE = 0.1  # of the run spent above the start
HIGH = 0.1  # of the start: what is left is worth having
HARMED = 0.35  # of the start: a run that recovered from its jump gets lower
CLEAR, LIKELY = 5.0, 3.0  # standard errors of a gain that is certain, and of one that forbids to call a wobble "stuck"
GAIN = 0.05  # of the fall: a doubling of the steps that brings more is not "stuck"
MANY = 8.0  # noise widths: see diverged
FACTOR, DEAD_FACTOR = (
    0.1,
    0.01,
)  # the course's step, and the one that revives the dead; see Source for how often they suffice
REVIVES = 1e-4  # a rate at which all dead networks of the DeepOBS grid but one end lower, whatever their optimizer
VIOLENT = 0.1  # update ratio: a hundred times the course's 1e-3; the sound runs of the lab stay under 0.06
LEAST_RATIOS = 5  # measurements: one alone may be the first step of tiny weights
HOT_RATIO = 1e-2  # update ratio: ten times the course's 1e-3


def check(run: Run) -> Iterator[Finding]:
    """Fires once: for a dead network, for a loss that rose again, for violent updates, for the bounce, or for the early jump."""
    loss = run[TRAIN_LOSS].finite()
    found = _dead(run, loss) or _rose_again(loss) or _violent(run, loss)
    if not found and not wanes(run):
        found = _above(run, loss) or (None if _gaining(loss, CLEAR) else _bounces(run) or _jumped(run, loss))
    if found:
        message, evidence = found
        yield Finding(
            "lr_too_high", "warning", message, (evidence, *_hot(run)), _remedies(run, evidence.statistic == UNCHANGED)
        )


def _gaining(loss: Curve, clear: float) -> bool:
    """Whether the end of the run still lowers ``loss``, by at least ``clear`` standard errors."""
    now = trend(loss)
    return -now.gain > GAIN * (start(loss) - end(loss)) and now.clarity > clear


def _dead(run: Run, loss: Curve) -> tuple[str, Evidence] | None:
    """Validation is the same number to the last digit, or all but: no gradient reaches a weight any more, though the rate is up."""
    seen = None if wanes(run) or end(loss) <= HIGH * start(loss) else stillness(run)
    if seen is None:
        return None
    all_but = seen.change <= STILL and seen.drift <= DRIFT and seen.at_once and end(loss) > REST * start(loss)
    if seen.change > LAST_DIGIT and not all_but:
        return None
    limit, how = (STILL, "within a few millionths") if seen.change > LAST_DIGIT else (LAST_DIGIT, "to the last digit")
    evidence = Evidence(VAL_LOSS, seen.first_step, seen.last_step, UNCHANGED, seen.change, limit)
    return (
        f"The network is dead: validation loss has been {seen.level:.7g} {how} since step {seen.first_step:,}.",
        evidence,
    )


def _rose_again(loss: Curve) -> tuple[str, Evidence] | None:
    """The training loss was lower once, rose, and stayed up: no sound step does that, whatever the schedule did later."""
    levels = blocks(loss)
    at = int(np.argmin(levels.levels))
    best, last, first = levels.best, end(loss), start(loss)
    width = max(CLEAR * levels.error, CLEAR * noise(levels.levels[len(levels.levels) // 2 :]))
    back = (last - best) / (first - best) if first > best else 0.0
    late = (
        at >= len(levels.levels) / 2
    )  # not yet up for as long as it took to get down: it may be a swing of the momentum
    if late or len(levels.levels) < LEAST_BLOCKS or back <= GIVEN_BACK or last - best <= width:
        return None
    step = int(levels.steps[at])
    evidence = Evidence(TRAIN_LOSS, step, int(loss.steps[-1]), "share of the fall given back", back, GIVEN_BACK)
    return f"The training loss was down to {best:.3g} near step {step:,}, then rose and is at {last:.3g}.", evidence


def _violent(run: Run, loss: Curve) -> tuple[str, Evidence] | None:
    """Single steps once moved the weights by a good part of their own size, and the run is stuck since."""
    ratio = run.get(UPDATE_RATIO)
    seen = ratio.finite() if ratio is not None else None
    if seen is None or len(seen) < LEAST_RATIOS or end(loss) <= HIGH * start(loss) or _gaining(loss, CLEAR):
        return None
    smooth = running_median(seen, 5).values
    at, most = int(np.argmax(smooth)), float(smooth.max())
    if most <= VIOLENT:
        return None
    step = int(seen.steps[at])
    evidence = Evidence(UPDATE_RATIO, int(seen.steps[0]), step, "largest smoothed update ratio", most, VIOLENT)
    return (
        f"Around step {step:,} single updates moved the weights by {most:.0%}; the training loss is stuck at {end(loss):.3g}.",
        evidence,
    )


def _bounces(run: Run) -> tuple[str, Evidence] | None:
    seen = bounce(run)
    if seen is None or seen.share <= BOUNCE or end(run[TRAIN_LOSS]) < SOLVED * end(run[seen.tag]):
        return None
    if fall_after(run[TRAIN_LOSS], EARLY) > LATE:  # too long a step falls fast, and is stuck then
        return None
    now, left = trend(run[TRAIN_LOSS]), abs(end(run[TRAIN_LOSS]))
    shrinking = -now.gain > STUCK * left and now.clarity > LIKELY
    shrinking |= 2 * now.error - now.gain > MAYBE * (start(run[TRAIN_LOSS]) - end(run[TRAIN_LOSS]))
    if shrinking or any(
        _gaining(run[tag], LIKELY) for tag in {TRAIN_LOSS, seen.tag}
    ):  # on its way down a run may wobble
        return None
    what = "Validation jumps" if seen.tag != TRAIN_LOSS else "The averaged training loss jumps"
    evidence = Evidence(seen.tag, seen.first_step, seen.last_step, "jitter as a share of the fall", seen.share, BOUNCE)
    return (
        f"{what} up and down by {seen.share:.1%} of the whole fall at a time and no longer gets lower.",
        evidence,
    )


def _above(run: Run, loss: Curve) -> tuple[str, Evidence] | None:
    """A good part of the run was spent above its start, and it came back to little better."""
    first, last, levels = before_training(run), end(loss), blocks(loss)
    share = float(np.mean(levels.levels > JUMP * first))
    if first <= 0 or share <= ABOVE or last <= HARMED * first or len(levels.levels) < LEAST_BLOCKS:
        return None
    step = int(levels.steps[np.flatnonzero(levels.levels > JUMP * first)[-1]])
    evidence = Evidence(TRAIN_LOSS, int(loss.steps[0]), step, "share of the run spent above the start", share, ABOVE)
    return (
        f"The training loss was thrown above its start and stayed there for {share:.0%} of the run; it is at {last:.3g}.",
        evidence,
    )


def _jumped(run: Run, loss: Curve) -> tuple[str, Evidence] | None:
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
    return (Evidence(UPDATE_RATIO, *span, "median update ratio", typical, HOT_RATIO),) if typical > HOT_RATIO else ()


def _remedies(run: Run, dead: bool) -> tuple[Remedy, ...]:
    less = lower(run, DEAD_FACTOR, REVIVES) if dead else lower(run, FACTOR)
    if dead:
        because = "the first steps were so long that they switched the units off; from there no rate brings them back"
        return (
            Remedy(
                f"Start again at a learning rate of {less.to.rstrip(',')}.",
                "lr",
                f"{because}; {less.why}" if less.why else because,
                factor=less.factor,
            ),
        )
    return (
        Remedy(
            f"Decay the learning rate to {less.to} from here on.",
            "lr",
            f"shorter steps settle where longer ones jump across{'; ' if less.why else ''}{less.why}",
            factor=less.factor,
        ),
        Remedy(
            "Next time, use a cosine schedule over the whole run.",
            "schedule",
            "it starts as fast and ends with steps as short as needed, with nothing to tune",
            value="cosine",
        ),
    )


def _bouncing(share: float, last: float = 0.3, lr: float | np.ndarray = 0.5, pace: float = 60) -> Run:
    level = synthetic.falling(2.3, last, pace=pace)
    rng = np.random.default_rng(1)
    return synthetic.make(synthetic.noisy(level, 0.1), level + share * rng.standard_normal(len(level)), lr=lr)


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
        "violent updates, then stuck": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(2.3, 1.8, pace=60), 0.1),
            lr=1.0,
            update_ratio=0.25 * np.exp(-np.arange(1000) / 100),
        ),
        "a jump, then stuck": lambda: _spiked(50.0, 1.2),
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
        "a jump that did no harm": lambda: _spiked(50.0, 0.02),
    },
)
