"""The loss blew up: it is no longer a number, or the run ends no better than it began.

What it means
    The training loss became NaN or infinite and stayed so, vanished from the log while the run went on, or jumped above its
    start and never came back below it. The weights hold nothing learned.

Why it matters
    Every further step is wasted. The usual cause is a learning rate far too high; a bad batch, a division by zero or an
    overflow in half precision come next.

Criterion
    Most of the last LATE_SHARE of the training losses are not finite; or what was logged beside the loss goes on for LATE_SHARE of the run longer than
    the loss; or the loss went from more than SOLVED of its start to exactly 0 and stays there; or nothing was learned, the rate
    is above a careful one for the optimizer, and validation changes by less than LAST_DIGIT of itself though the batches differ;
    or the median of the last LATE_SHARE is above (1 − STUCK_SHARE) of the start (of a guess, where only means of epochs tell the start) after a jump of
    JUMP above it, and MANY noise widths; or after more than ABOVE of the run clearly above it; or after one update of more than
    THROWN times the weights; or with validation HIGHER than at its start; or the loss lost LOST of its best progress and stays there.

Source
    End worse than start: the labels of the DeepOBS learning-rate grid (progress ≤ 2 % counts as diverged). Lost progress: runmedic's
    divergence check. Size of the advice: on the DeepOBS grid a tenth of the rate ends lower for 52 % of the diverged runs, a hundredth for 72 %, a rate
    brought down to 3e-3 where it is still above that for all 169.

Known limits
    A run with a tiny learning rate and much noise can look stuck; the jump above the start tells them apart.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import LR, TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.guess import guess
from diagnostics.stats.level import before_training, blocks, end, start
from diagnostics.stats.noise import noise
from diagnostics.stats.rates import careful, lower
from diagnostics.stats.stillness import LAST_DIGIT, stillness
from diagnostics.stats.strides import gentle, strides

LATE_SHARE = 0.1  # of the points: the end of the run, as in stats.level
STUCK_SHARE = 0.02  # of the start: DeepOBS' bound between a little progress and none
JUMP = 0.1  # of the start: a rise that no batch explains
MANY = 8.0  # noise widths above the start: beyond six, normal noise does not get there in 10⁹ points
MISSED = 10.0  # times the usual distance between two losses: so many were due and did not come
TOGETHER = 0.9  # times as many values as losses: logged at least as often
SOLVED = 0.02  # of the start: a loss that is solved gets there before it is exactly 0
LEAST_ZEROS = 5  # points
LEAST_AFTER = 20  # rows without a loss: fewer may be the end of a buffer
HIGHER = 0.02  # of the start: losses that end that far above their start were thrown there; labels that mean nothing bring 1 %
LOST = 0.8  # of the best progress given back at the end
LEAST_NOISE = 5  # losses, to know their noise
ABOVE = 0.2  # of the run, spent above the start
CLEAR = 4.0  # standard errors of a level
THROWN = 1.0  # update ratio: a step as long as the weights
AT_ONCE, LEAST_HELD = 0.05, 20  # of the run, or losses: one that breaks this early was never near stable
FACTOR, FACTOR_AT_ONCE = 0.1, 0.01  # see Source


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the first of the three ways to diverge that holds."""
    loss = run[TRAIN_LOSS]
    if not len(loss):
        return
    found = _not_finite(loss) or _zeroed(loss) or _vanished(run) or _killed(run, loss) or _worse_than_start(run, loss)
    if found:
        message, evidence = found
        yield Finding("diverged", "error", message, (evidence,), _remedies(run, evidence.first_step))


def _not_finite(loss: Curve) -> tuple[str, Evidence] | None:
    bad = ~np.isfinite(loss.values)
    late = bad[-max(1, round(len(loss) * LATE_SHARE)) :]
    if late.mean() <= 0.5:
        return None
    good = np.flatnonzero(~bad)
    first = int(loss.steps[good[-1] + 1 if good.size and good[-1] + 1 < len(loss) else int(np.argmax(bad))])
    count = int(bad.sum())
    before = f" after {loss.values[good[-1]]:.3g} at step {loss.steps[good[-1]]:,}" if good.size else ""
    evidence = Evidence(TRAIN_LOSS, first, int(loss.steps[-1]), "losses that are not finite", count, 0, "points")
    return f"The training loss is not a number from step {first:,} on{before}.", evidence


def _zeroed(loss: Curve) -> tuple[str, Evidence] | None:
    """A NaN that was replaced by 0: the loss falls to exactly 0 from one point to the next, and stays."""
    finite = loss.finite()
    last = int(np.flatnonzero(finite.values)[-1]) if finite.values.any() else -1
    zeros = len(finite) - 1 - last
    before = finite.values[max(0, last - LEAST_AFTER + 1) : last + 1]
    if (
        last < 0
        or zeros < max(LEAST_ZEROS, LATE_SHARE * len(finite))
        or np.median(np.abs(before)) < SOLVED * abs(start(finite))
    ):
        return None
    first = int(finite.steps[last + 1])
    evidence = Evidence(TRAIN_LOSS, first, int(finite.steps[-1]), "losses of exactly 0", zeros, 0, "points")
    level = f"{finite.values[last]:.3g}"
    return f"The training loss fell from {level} to exactly 0 at step {first:,} and stays: a NaN in disguise.", evidence


def _vanished(run: Run) -> tuple[str, Evidence] | None:
    """Some loggers drop NaN: the loss column ends while the others go on."""
    finite = run[TRAIN_LOSS].finite()
    first, seen, last = int(finite.steps[0]), int(finite.steps[-1]), run.last_step
    usual = float(np.median(np.diff(finite.steps))) if len(finite) > 1 else 1.0
    if last - seen <= max(LATE_SHARE * (last - first), MISSED * usual):
        return None
    beside = [c.steps for c in run.curves.values() if (c.steps <= seen).sum() >= TOGETHER * len(finite)]
    after = max(int((steps > seen).sum()) for steps in beside)
    if after < LEAST_AFTER:
        return None
    evidence = Evidence(TRAIN_LOSS, seen, last, "rows logged without a finite loss", after, 0, "rows")
    return f"The log goes on to step {last:,}, but holds no finite training loss after step {seen:,}.", evidence


def _killed(run: Run, loss: Curve) -> tuple[str, Evidence] | None:
    """The first steps, at a high rate, switched the network off before it learned a thing."""
    finite, lr = loss.finite(), run.get(LR)
    high = lr is not None and len(lr.finite()) > 0 and lr.finite().values.max() > careful(run)
    seen = stillness(run) if high and end(finite) > (1 - STUCK_SHARE) * start(finite) > 0 else None
    if seen is None or seen.change > LAST_DIGIT:
        return None
    said = "median change of validation, as a share of its level"
    evidence = Evidence(VAL_LOSS, seen.first_step, seen.last_step, said, seen.change, LAST_DIGIT)
    return f"The network is dead and has learned nothing: validation loss is {seen.level:.7g} every time.", evidence


def _worse_than_start(run: Run, loss: Curve) -> tuple[str, Evidence] | None:
    finite = loss.finite()
    if len(finite) < (
        LEAST_HELD if gentle(run) else 10
    ):  # few batches differ by chance, and short steps throw nothing up
        return None
    first, last, best = _untouched(run), end(finite, LATE_SHARE), blocks(finite).best
    stuck = last > first - STUCK_SHARE * abs(first)
    given_back = last - best > LOST * (first - best)
    jump = float(finite.values.max()) - first
    jumped = jump > max(JUMP * abs(first), 0.0) and jump > MANY * noise(
        finite.values[-max(LEAST_NOISE, len(finite) // 4) :]
    )
    harmed = jumped or (stuck and (_ends_higher(run, finite) or _was_higher(run, finite) or _thrown(run)))
    if not (stuck or (given_back and best < first)) or not harmed:
        return None
    since = int(finite.steps[np.argmax(finite.values > first + max(jump, 0.0) / 2)])
    span = since, int(finite.steps[-1])
    evidence = Evidence(TRAIN_LOSS, *span, "loss at the end, not to exceed the first", last, first)
    return (
        f"The training loss was thrown up by step {since:,} and ends at {last:.3g}, no better than its start at {first:.3g}.",
        evidence,
    )


def _untouched(run: Run) -> float:
    """The loss before the first step; the mean of a first epoch, which may be thrown up already, is held to that of a guess."""
    first, blind = before_training(run), guess(run)
    early = run[TRAIN_LOSS].finite() if run.per_epoch(TRAIN_LOSS) else None
    return min(first, blind) if early is not None and blind is not None and first == start(early) else first


def _thrown(run: Run) -> bool:
    """Whether a single update was about as long as the weights."""
    seen = strides(run)
    return seen is not None and seen.longest > THROWN


def _was_higher(run: Run, train: Curve) -> bool:
    """Whether a good part of the run was spent clearly above its start, where validation says what the start was."""
    first, levels = before_training(run), blocks(train)
    if first == start(train):  # a single batch, that may have been an easy one
        return False
    above = levels.levels > first + max(HIGHER * abs(first), CLEAR * levels.error)
    return float(np.mean(above)) > ABOVE


def _ends_higher(run: Run, train: Curve) -> bool:
    """Whether training and validation, if logged, both end clearly above their start."""
    val = run.get(VAL_LOSS)
    curves = [train] if val is None or len(val.finite()) < 3 else [val.finite()]
    return all(end(c) > start(c) + max(HIGHER * abs(start(c)), 2 * noise(c.values)) for c in curves)


def _remedies(run: Run, since: int) -> tuple[Remedy, ...]:
    first = int(run[TRAIN_LOSS].steps[0])
    held = int((run[TRAIN_LOSS].steps < since).sum())
    at_once = since - first <= AT_ONCE * (run.last_step - first) or held < LEAST_HELD
    less = lower(run, FACTOR_AT_ONCE if at_once else FACTOR)
    held_on = (
        "it broke at once, so the rate is off by more than a little"
        if at_once
        else "it held for a while, so the rate is off by a little"
    )
    return (
        Remedy(f"Lower the learning rate to {less.to} and start again.", "lr", less.why or held_on, factor=less.factor),
        Remedy(
            "Clip the gradient norm at 1.",
            "max_grad_norm",
            "one bad batch can no longer throw the weights out",
            value=1.0,
        ),
    )


def _broken(at: int) -> Run:
    values = synthetic.noisy(synthetic.falling())
    values[at:] = np.nan
    return synthetic.make(values, lr=0.1)


def _jump_to(level: float) -> Run:
    values = synthetic.noisy(np.r_[synthetic.falling(2.3, 1.5, steps=50), np.full(950, level)], 0.01)
    values[50:60] = 40.0
    return synthetic.make(values)


def _one_nan() -> Run:
    values = synthetic.noisy(synthetic.falling())
    values[300] = np.nan
    return synthetic.make(values)


def _zeros(at: int) -> Run:
    values = synthetic.noisy(synthetic.falling(last=0.5))
    values[at:] = 0.0
    return synthetic.make(values, lr=0.1)


def _stops(at: int) -> Run:
    """A log that drops NaN: the rate is logged to the end, the loss is not."""
    run = synthetic.make(synthetic.noisy(synthetic.falling()), lr=0.1)
    return synthetic.with_curves(run, run[TRAIN_LOSS].where(run[TRAIN_LOSS].steps <= at))


def _summed() -> Run:
    """Training is summed over batches of 64 and first logged at step 50, validation is a mean and begins at 0."""
    run = synthetic.make(64 * synthetic.noisy(synthetic.falling()), synthetic.falling(last=0.12), lr=0.1)
    val = run[VAL_LOSS]
    early = Curve(VAL_LOSS, np.r_[0, val.steps[1:]], val.values)
    return synthetic.with_curves(run, run[TRAIN_LOSS].where(run[TRAIN_LOSS].steps >= 50), early)


def _meaningless() -> Run:
    """Labels drawn at random: nothing to learn, and a little overconfidence."""
    train = synthetic.noisy(np.full(synthetic.STEPS, 2.32), 0.005)
    train[0] = 2.29
    return synthetic.make(train, np.linspace(2.29, 2.32, synthetic.STEPS), lr=0.1)


RULE = Rule(
    "diverged",
    "Diverged",
    check,
    needs={TRAIN_LOSS: 0},  # a loss that was never finite is diverged, not missing
    explains=(
        "non_finite_loss",
        "loss_spike",
        "exploding_gradient",
        "vanishing_gradient",
        "dead_units",
        "update_ratio",
        "predicts_uniformly",
        "periodic_loss",
        "noisy_validation",
        "stop_earlier",
        "masked_nan",
    ),
    fires={
        "not a number from step 100": lambda: _broken(100),
        "never a number": lambda: _broken(0),
        "not a number at the very end": lambda: _broken(900),
        "jumps and stays above its start": lambda: _jump_to(2.35),
        "dead from the first steps": lambda: synthetic.make(
            synthetic.noisy(np.full(synthetic.STEPS, 2.31), 0.003), np.full(synthetic.STEPS, np.float32(2.31)), lr=1.0
        ),
        "zeros in the place of NaN": lambda: _zeros(400),
        "the log goes on without the loss": lambda: _stops(700),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "one NaN, then it goes on": _one_nan,
        "a spike that heals": lambda: _jump_to(0.3),
        "a loss that is solved": lambda: synthetic.make(np.maximum(synthetic.falling(2.3, -0.2), 0.0), lr=0.1),
        "training summed, validation averaged": _summed,
        "labels that mean nothing": _meaningless,
    },
)
