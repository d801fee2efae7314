"""The loss blew up: it is no longer a number, or the run ends no better than it began.

What it means
    The training loss became NaN or infinite and stayed so, vanished from the log while the run went on, or jumped above its
    start and never came back below it. The weights hold nothing learned.

Why it matters
    Every further step is wasted. The usual cause is a learning rate far too high; a bad batch, a division by zero or an
    overflow in half precision come next.

Criterion
    Any of these:

    - *No number.* Most of the last LATE_SHARE of the training losses are not finite, or TAIL in a row at the end, or, where the run ended with them and no validation shows sound weights since, more in a row
      than ever came back; or what was logged beside the loss goes on for LATE_SHARE of the run longer than
      the loss; or the loss went from more than 2 % of its start to exactly 0 and stays there, with no validation loss since.
    - *Nothing learned, and dead.* Validation changes by less than LAST_DIGIT of itself over the second half though the batches differ, and at the last evaluation before that the rate was above a careful
      one for the optimizer.
    - *Nothing learned, and thrown about.* In a run that has ended, validation stands above its start ABOVE_IT of the time, within NEAR of it, and jumps about by more than TOSSED of it, from weights that are not
      known to have begun too small, that no decay took and that nobody trained before; accuracies, where logged, are those of one answer for all.
    - *Thrown up.* The median of the last LATE_SHARE is above (1 − STUCK_SHARE) of the start (of a guess, where only means of epochs tell the start) after a jump of JUMP above
      it (MANY noise widths, and FREAK of the logarithms where a single batch tells the start; by a lone batch, RARER times as far as any other of the last quarter, or of as many before it, is from the middle of them), or with most losses above FAR times it (and above the first loss of training, which dropout may lift); or after more than ABOVE of the
      run clearly above it; or after one update of more than THROWN times the weights, unless these began too small or a decay took them; or with validation 2 % higher
      than at its start. The time above the start, and an end above it, count only where the start is known (SOON, see bad_initialization).
      While the run goes on, all this but the update, and losses that are mostly so far above, waits for the first evaluation, which must not be below the start, or for the end of the first
      epoch (MANY_BATCHES where none is logged): what is learned of the first class of sorted data lifts the loss of the next. And a loss that was never FAR above its start, for MANY_BATCHES
      losses, LEAST_TO_END evaluations, or epochs: it may yet come down. Nor is any of it said of a loss that nobody ever evaluated and that stays between LEARNED and HARDLY_ABOVE of its start
      or began no higher than 0 or ends below, as those of two networks against each other do; nor of another that began no higher and never rose by FAR times its fall; nor where validation accuracy, far above its lowest, has not fallen since the loss was lowest: a term that is added lifts it. Nor,
      but for losses that are no numbers, where rewards were logged, for an agent's loss rises with what it gains, or no update was ever long (GENTLE and NUDGE, see lr_too_high).
    - *Lost.* The loss gave back LOST of its best progress, after a jump of JUMP above the start, and stays there; or, jump or no jump, all but STUCK_SHARE of the start, of which it had learned LEARNED, MANY noise widths of its
      level or more.
    - *Far above.* The last LEAST_HELD losses all stand above FAR times the start; of the first losses, and at the end of a run that has ended, IN_A_ROW of them are enough
      (above what the start may have been at the most, where RARE of the batches since are as low as the first, which alone tells it).

Source
    End worse than start: the labels of the DeepOBS learning-rate grid (progress ≤ 2 % counts as diverged). Lost progress: runmedic's
    divergence check. Size of the advice: on the DeepOBS grid a tenth of the rate ends lower for 52 % of the diverged runs, a hundredth for 72 %, a rate
    brought down to 3e-3 where it is still above that for all 169. Where the first update was measured and the optimizer makes it as long as the rate says (Adam and
    its kin), by as much as it was longer than sound ones: the lab's runs so retrained end a fifth lower than by those sizes.

Known limits
    A run with a tiny learning rate and much noise can look stuck; the jump above the start tells them apart.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import LR, RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.first_update import compared, rate_beside_usual
from diagnostics.stats.games import HARDLY_ABOVE, LEARNED, STUCK_SHARE  # noqa: F401 (Criterion)
from diagnostics.stats.hardly_logged import SOON  # noqa: F401 (named in the Criterion)
from diagnostics.stats.jump import FREAK, MANY, RARER  # noqa: F401 (named in the Criterion)
from diagnostics.stats.level import RARE, end, start  # noqa: F401 (Criterion)
from diagnostics.stats.lost import LATE_SHARE, TAIL, Lost, not_finite, vanished, zeroed  # noqa: F401 (named in the Criterion)
from diagnostics.stats.rates import Lower, by, careful, lower
from diagnostics.stats.stillness import LAST_DIGIT, stillness
from diagnostics.stats.strides import GENTLE, NUDGE  # noqa: F401 (Criterion)
from diagnostics.stats.thrown import (  # noqa: F401 (named in the Criterion)
    ABOVE,
    FAR,
    IN_A_ROW,
    JUMP,
    LEAST_HELD,
    LOST,
    MANY_BATCHES,
    THROWN,
    thrown,
)
from diagnostics.stats.tossed import ABOVE_IT, NEAR, TOSSED, tossed  # noqa: F401 (named in the Criterion)
from diagnostics.stats.untouched import LEAST_TO_END  # noqa: F401 (named in the Criterion)

AT_ONCE = 0.05  # of the run: one that breaks this early was never near stable
SOON_ENOUGH = 0.25  # the same of a run that was logged too rarely to know it better
FACTOR, FACTOR_AT_ONCE = 0.1, 0.01  # see Source

Found = tuple[str, Evidence] | None


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the first way to diverge that holds."""
    loss = run[TRAIN_LOSS]
    if not len(loss):
        return
    found = _lost(run, loss) or _killed(run, loss) or _worse_than_start(run) or _thrown_about(run, loss)
    if found:
        message, evidence = found
        yield Finding("diverged", "error", message, (evidence,), _remedies(run, evidence.first_step))


def _lost(run: Run, loss: Curve) -> Found:
    """Not a number, a zero in the place of one, or no longer logged."""
    seen = not_finite(loss)
    if seen is None and run.state != RUNNING:
        seen = not_finite(loss, ended=True)
        seen = seen if seen is not None and _sound_since(run, seen.first_step) is None else None
    if seen is not None:
        before = f" after {seen.before:.3g} at step {seen.step:,}" if seen.before is not None else ""
        said = f"The training loss is not a number from step {seen.first_step:,} on{before}."
        return said, _evidence(seen, "losses that are not finite", "points")
    seen = zeroed(loss, run.get(VAL_LOSS))
    if seen is not None:
        said = f"The training loss fell from {seen.before:.3g} to exactly 0 at step {seen.first_step:,} and stays: a NaN in disguise."
        return said, _evidence(seen, "losses of exactly 0", "points")
    seen = vanished(run)
    if seen is not None:
        said = f"The log goes on to step {seen.last_step:,}, but holds no finite training loss after step {seen.first_step:,}."
        return said, _evidence(seen, "rows logged without a finite loss", "rows")
    return None


def _evidence(seen: Lost, statistic: str, unit: str) -> Evidence:
    return Evidence(TRAIN_LOSS, seen.first_step, seen.last_step, statistic, seen.count, seen.limit, unit)


def _killed(run: Run, loss: Curve) -> Found:
    """The first steps, at a high rate, switched the network off before it learned a thing."""
    finite = loss.finite()
    seen = stillness(run) if end(finite) > (1 - STUCK_SHARE) * start(finite) > 0 else None
    if seen is None or seen.change > LAST_DIGIT or _rate_before_rest(run) <= careful(run):
        return None  # steps of next to nothing change no validation either
    said = "median change of validation, as a share of its level"
    evidence = Evidence(VAL_LOSS, seen.first_step, seen.last_step, said, seen.change, LAST_DIGIT)
    return f"The network is dead and has learned nothing: validation loss is {seen.level:.7g} every time.", evidence


def _rate_before_rest(run: Run) -> float:
    """The learning rate at the last evaluation that differs from those after it, the first one where none does; 0 where none was logged."""
    val, lr = run[VAL_LOSS].finite(), run.get(LR)
    rate = lr.finite() if lr is not None else None
    if rate is None or not len(rate):
        return 0.0
    differs = np.flatnonzero(np.abs(val.values - val.values[-1]) > LAST_DIGIT * abs(val.values[-1]))
    before = val.steps[differs[-1]] if differs.size else rate.steps[0]
    return float(rate.at(np.maximum(np.array([before]), rate.steps[0]))[0])


def _thrown_about(run: Run, loss: Curve) -> Found:
    """Nothing is learned, and yet validation, the same examples each time, jumps above the start: steps that long move the few weights that still can be."""
    seen = tossed(run) if end(loss.finite()) > (1 - STUCK_SHARE) * start(loss) > 0 else None
    if seen is None or seen.share <= TOSSED:
        return None
    evidence = Evidence(
        VAL_LOSS, seen.first_step, seen.last_step, "noise of validation as a share of its start", seen.share, TOSSED
    )
    return (
        f"The network has learned nothing: validation loss jumps about, by {seen.share:.1%} at a time, above its start at {seen.first:.3g}.",
        evidence,
    )


def _worse_than_start(run: Run) -> Found:
    seen = thrown(run)
    if seen is None:
        return None
    evidence = Evidence(TRAIN_LOSS, seen.since, seen.until, "loss at the end", seen.last, seen.limit)
    start = f"its start at {seen.first:.3g}"
    back = "all" if seen.last >= seen.first else "most of"
    worse = f"no better than {start}" if seen.best is None else f"{back} the way back to {start}, from {seen.best:.3g}"
    return f"The training loss was thrown up by step {seen.since:,} and ends at {seen.last:.3g}, {worse}.", evidence


def _by_first_update(run: Run) -> Lower | None:
    """As much lower as the first update was too long."""
    first = rate_beside_usual(run)
    return None if first is None or first < 1 / FACTOR else by(run, float(f"{1 / first:.1g}"), compared(first))


def _remedies(run: Run, since: int) -> tuple[Remedy, ...]:
    if (still := _sound_since(run, since)) is not None:
        action = f"Look at how the training loss of step {since:,} is computed: the logarithm of 0, a division by 0, a NaN in the batch."
        because = f"validation is {still:.3g} since, so the weights are sound and no rate is to blame"
        return (Remedy(action, "batch", because, value=since),)
    first = int(run[TRAIN_LOSS].steps[0])
    held = int((run[TRAIN_LOSS].steps < since).sum())
    share = (since - first) / max(1, run.last_step - first)
    at_once = share <= AT_ONCE or (held < LEAST_HELD and share <= SOON_ENOUGH)
    less = _by_first_update(run) or lower(run, FACTOR_AT_ONCE if at_once else FACTOR)
    held_on = (
        "it broke at once, so the rate is off by more than a little"
        if at_once
        else "it held for a while, so the rate is off by a little"
    )
    return (
        Remedy(f"Lower the learning rate to {less.to} and start again.", "lr", less.why or held_on, factor=less.factor),
        *_batch(run, since),
        Remedy(
            "Clip the gradient norm at 1.",
            "max_grad_norm",
            "one bad batch can no longer throw the weights out",
            value=1.0,
        ),
    )


def _sound_since(run: Run, since: int) -> float | None:
    """The last validation loss, where all since then are finite though no training loss is: it is not the weights that are no number."""
    train, val = run[TRAIN_LOSS], run.get(VAL_LOSS)
    later = val.values[val.steps >= since] if val is not None else np.empty(0)
    broken = not np.isfinite(train.values[train.steps >= since]).any()
    return float(later[-1]) if broken and later.size and np.isfinite(later).all() else None


def _batch(run: Run, since: int) -> tuple[Remedy, ...]:
    """Where losses that were falling calmly are no number all at once, it may be what was trained on."""
    loss = run[TRAIN_LOSS]
    before, after = loss.values[loss.steps < since], loss.values[loss.steps >= since]
    calm = len(before) >= LEAST_HELD and np.max(before[-IN_A_ROW:]) <= np.max(before[-LEAST_HELD:-IN_A_ROW])
    if not calm or np.isfinite(after).any():
        return ()
    action = f"Look at the batch of step {since:,}: a NaN in the data, the logarithm of 0, a division by 0."
    return (Remedy(action, "batch", "the loss was calm until then", value=since),)


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


def _tossed(share: float) -> Run:
    """Never better than a guess; validation stands a per cent above it and jumps by ``share``."""
    flat = synthetic.noisy(np.full(synthetic.STEPS, 2.325), 0.01)
    run = synthetic.make(flat, synthetic.noisy(np.full(synthetic.STEPS, 2.325), share, seed=1), lr=1.0)
    val = run[VAL_LOSS]
    return synthetic.with_curves(run, Curve(VAL_LOSS, np.r_[0, val.steps], np.r_[2.3026, val.values]))


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


def _flat(first_ratio: float) -> Run:
    """Never left its start; the first update was ``first_ratio`` of the weights, the others small."""
    loss = synthetic.noisy(np.full(synthetic.STEPS, 2.31), 0.01)
    return synthetic.make(loss, lr=1.0, update_ratio=np.r_[first_ratio, np.full(synthetic.STEPS - 1, 3e-3)])


def _thrown_up(share: float) -> Run:
    """A little above its start for ``share`` of the run, and back there since; validation was measured before training."""
    at = round(share * synthetic.STEPS)
    run = synthetic.make(synthetic.noisy(np.r_[np.full(at, 2.5), np.full(synthetic.STEPS - at, 2.31)], 0.005), lr=1.0)
    steps = np.r_[0, np.arange(25, 1001, 25)]
    return synthetic.with_curves(run, Curve(VAL_LOSS, steps, np.where(steps <= at, 2.5, 2.31) - 0.19 * (steps == 0)))


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
        "learns nothing, and is thrown about": lambda: _tossed(5e-3),
        "one update longer than the weights": lambda: _flat(4.0),
        "above its start for long, and back there": lambda: _thrown_up(0.6),
        "zeros in the place of NaN": lambda: _zeros(400),
        "the log goes on without the loss": lambda: _stops(700),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "learns nothing, and hardly moves": lambda: _tossed(5e-4),
        "never left its start, by short steps": lambda: _flat(0.1),
        "one NaN, then it goes on": _one_nan,
        "a spike that heals": lambda: _jump_to(0.3),
        "a loss that is solved": lambda: synthetic.make(np.maximum(synthetic.falling(2.3, -0.2), 0.0), lr=0.1),
        "training summed, validation averaged": _summed,
        "labels that mean nothing": _meaningless,
    },
)
