"""Something is NaN, and the loss in the log does not show it.

What it means
    Some tools replace or drop values that are not finite before they log: the loss becomes exactly 0, repeats its last value or has
    a hole, while the gradients are NaN or every step is skipped.

Why it matters
    The curve looks fine, or even perfect, while nothing is learned any more.

Criterion
    The training loss is exactly 0 from some point to the end, for at least LEAST points, right after values above FAR of its start. Or it repeats one
    value to the last digit for the last LEAST_SAME points and SAME_SHARE of the run, though no two neighbours were alike before they
    differed by LOUD of their level, and it is not under SOLVED of the start. Or the gradient norm or update ratio is not finite for more than half of its last LATE_SHARE while the loss is. Or
    the GradScaler skipped more than SKIPPED of the steps in the last LATE_SHARE. Or LEAST rows or more in one stretch hold other curves but no
    training loss, though TOGETHER of the rows outside it do and the stretch is WIDER than usual between two losses.

Source
    Hugging Face Trainer's ``logging_nan_inf_filter`` (on by default) takes NaN out of the logged loss, which becomes 0.0 when
    all are NaN. PyTorch's GradScaler skips steps with gradients that are not finite, by design a few in 2,000.

Known limits
    A filter that puts in a plausible number leaves no trace unless the gradient norm is logged. A network that is dead on
    a fixed batch repeats its loss as well.
"""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from collector.schema import GRAD_NORM, LR, SKIPPED_STEPS, TRAIN_LOSS, UPDATE_RATIO
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy, Severity
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.level import start

LEAST = 5  # points: one may be a slip of the logger
FAR = 0.05  # of the start: a loss that really reaches 0 passes through small values first
LEAST_SAME, SAME_SHARE = 20, 0.05  # points, of the run: three alike may be rounding
SOLVED = 1e-6  # of the start: what is left of a loss that converged to the precision of its numbers
LOUD = 1e-3  # of the level: neighbours that differed less may well come to agree
LATE_SHARE = 0.1  # of the points: the end of the run, as in stats.level
SKIPPED = 0.5  # of the steps: GradScaler's growth costs one in 2,000
WIDER = 1.5  # times the usual distance between two losses
TOGETHER = 0.95  # of the rows: these curves come from the same log call


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the first trace: on the loss, the gradients, the scaler, or a hole in the loss. The others are evidence."""
    loss = run[TRAIN_LOSS]
    found = list(chain(_zero(loss), _repeats(loss), _gradients(run, loss), _scaler(run))) or list(_hole(run, loss))
    if found:
        severity, message, first = found[0]
        evidence = (first, *(e for _, _, e in found[1:]))
        yield Finding("masked_nan", severity, message, evidence, _remedies(first.tag))


Found = Iterator[tuple[Severity, str, Evidence]]


def _zero(loss: Curve) -> Found:
    alive = np.flatnonzero(loss.values != 0)
    last = int(alive[-1]) if alive.size else -1
    count = len(loss) - 1 - last
    if count < LEAST or last < 0 or not loss.values[last] > FAR * abs(start(loss)):
        return
    first = int(loss.steps[last + 1])
    evidence = Evidence(TRAIN_LOSS, first, int(loss.steps[-1]), "losses of exactly 0", count, LEAST, "points")
    said = f"The training loss fell from {loss.values[last]:.3g} to exactly 0 at step {first:,} and stays there: a filter hides NaN."
    yield "error", said, evidence


def _repeats(loss: Curve) -> Found:
    changes = np.flatnonzero(np.diff(loss.values) != 0)
    last = int(changes[-1]) + 1 if changes.size else 0
    if abs(loss.values[-1]) < SOLVED * abs(start(loss)):
        return  # nothing is left that could change
    count = len(loss) - last
    before = np.abs(np.diff(loss.values[max(0, last - LEAST_SAME) : last]))
    level = float(loss.values[-1])
    if count < max(LEAST_SAME, SAME_SHARE * len(loss)) or before.size < LEAST_SAME - 1 or level == 0:
        return
    if not (before.all() and np.median(before) > LOUD * abs(level)):
        return
    first = int(loss.steps[last])
    evidence = Evidence(
        TRAIN_LOSS, first, int(loss.steps[-1]), "losses that are the same number", count, LEAST_SAME, "points"
    )
    yield (
        "warning",
        f"The training loss is {level:.4g} to the last digit at every point since step {first:,}.",
        evidence,
    )


def _gradients(run: Run, loss: Curve) -> Found:
    fine = len(loss) > 0 and bool(np.isfinite(loss.values[-LEAST:]).all())
    for curve in (run.get(tag) for tag in (GRAD_NORM, UPDATE_RATIO) if fine):
        late = ~np.isfinite(curve.values[_late(curve) :]) if curve is not None else np.zeros(0, bool)
        if curve is None or len(curve) < LEAST or late.mean() <= 0.5:
            continue
        good = np.flatnonzero(np.isfinite(curve.values))
        first = int(curve.steps[min(int(good[-1]) + 1, len(curve) - 1) if good.size else 0])
        share = float(late.mean())
        evidence = Evidence(curve.tag, first, int(curve.steps[-1]), "share of its end that is not finite", share, 0.5)
        yield (
            "error",
            f"{curve.tag} is not finite from step {first:,} on, while the logged loss is {loss.values[-1]:.3g}.",
            evidence,
        )
        return


def _late(curve: Curve) -> int:
    return len(curve) - max(3, round(len(curve) * LATE_SHARE))


def _scaler(run: Run) -> Found:
    skipped = run.get(SKIPPED_STEPS)
    if skipped is None or len(skipped.finite()) < LEAST:
        return
    late = skipped.finite().where(np.arange(len(skipped.finite())) >= _late(skipped.finite()))
    done = int(late.steps[-1] - late.steps[0])
    share = float(late.values[-1] - late.values[0]) / done if done else 0.0
    if share > SKIPPED:
        evidence = Evidence(
            SKIPPED_STEPS, int(late.steps[0]), int(late.steps[-1]), "share of steps skipped", share, SKIPPED
        )
        yield (
            "error",
            f"The GradScaler skipped {share:.0%} of the last {done:,} steps: their gradients are not finite.",
            evidence,
        )


def _hole(run: Run, loss: Curve) -> Found:
    """Rows of curves logged beside the loss, in one stretch that holds none of it."""
    if len(loss) < LEAST:
        return
    for tag in (t for t in (LR, GRAD_NORM, UPDATE_RATIO) if t in run):
        steps = run[tag].steps[(run[tag].steps >= loss.steps[0]) & (run[tag].steps <= loss.steps[-1])]
        if np.array_equal(steps, loss.steps):
            continue
        place = np.searchsorted(loss.steps, steps)
        without = loss.steps[place] != steps
        holes, counts = np.unique(place[without], return_counts=True)
        if not holes.size or counts.max() < LEAST or counts.max() < TOGETHER * without.sum():
            continue
        outside = steps.size - counts.max()
        if (~without).sum() < max(TOGETHER * outside, LEAST):
            continue
        after = int(holes[counts.argmax()])
        first, last = int(loss.steps[after - 1]), int(loss.steps[after])
        if last - first <= WIDER * np.median(np.diff(loss.steps)):
            return  # as far as from any loss to the next: other curves are logged more often
        evidence = Evidence(TRAIN_LOSS, first, last, f"rows with {tag} and no loss", float(counts.max()), LEAST, "rows")
        said = f"{counts.max():,} rows between steps {first:,} and {last:,} hold {tag} but no training loss: a filter may have dropped NaN."
        yield "info", said, evidence
        return


def _remedies(tag: str) -> tuple[Remedy, ...]:
    show = Remedy(
        "Log what is not finite: logging_nan_inf_filter=False in Hugging Face's Trainer.",
        "logging_nan_inf_filter",
        "then the first bad step is in the log, and with it the cause",
        value=False,
    )
    wide = Remedy("Use bfloat16 in place of float16.", "precision", "it reaches as far as float32", value="bf16")
    return (wide, show) if tag == SKIPPED_STEPS else (show,)


def _from(at: int, value: float) -> Run:
    values = synthetic.noisy(synthetic.falling())
    values[at:] = value
    return synthetic.make(values, lr=0.1)


def _dropped(first: int, last: int) -> Run:
    """A log whose loss column is empty from ``first`` to ``last`` while the learning rate goes on."""
    run = synthetic.make(synthetic.noisy(synthetic.falling()), lr=0.1)
    loss = run[TRAIN_LOSS]
    kept = loss.where((loss.steps < first) | (loss.steps > last))
    return synthetic.with_curves(run, kept)


def _gradient(bad: slice) -> Run:
    norm = synthetic.noisy(np.ones(1000))
    norm[bad] = np.nan
    run = synthetic.make(synthetic.noisy(synthetic.falling()))
    return synthetic.with_curves(run, Curve(GRAD_NORM, np.arange(1, 1001), norm))


def _every_tenth() -> Run:
    """The loss every ten steps; the gradient at each of the first ten as well, as the collector measures it."""
    run = synthetic.make(synthetic.noisy(synthetic.falling()), lr=0.1)
    loss = run[TRAIN_LOSS].where(run[TRAIN_LOSS].steps % 10 == 1)
    steps = np.unique(np.r_[np.arange(1, 11), loss.steps])
    return synthetic.with_curves(
        run, loss, Curve(LR, loss.steps, np.full(len(loss), 0.1)), Curve(GRAD_NORM, steps, np.ones(len(steps)))
    )


RULE = Rule(
    "masked_nan",
    "Hidden NaN",
    check,
    needs={TRAIN_LOSS: LEAST},
    fires={
        "exactly zero from step 400": lambda: _from(400, 0.0),
        "the same number from step 700": lambda: _from(700, 0.1875),
        "the gradient is NaN, the loss is not": lambda: _gradient(slice(500, None)),
        "a hole in the loss": lambda: _dropped(301, 420),
    },
    silent={
        "a loss that is logged every ten steps, and gradients at first at every one": _every_tenth,
        "a healthy run": synthetic.healthy,
        "a loss that reaches zero": lambda: synthetic.make(np.maximum(synthetic.falling(2.3, -0.2), 0.0)),
        "a gradient that overflows now and then": lambda: _gradient(slice(0, None, 100)),
        "the loss at every tenth step": lambda: synthetic.with_curves(
            run := synthetic.healthy(), run[TRAIN_LOSS].where(np.arange(1000) % 10 == 0)
        ),
    },
)
