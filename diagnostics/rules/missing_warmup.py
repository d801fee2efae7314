"""The first steps, at the full learning rate, threw the loss far above its start before it came down.

What it means
    An untrained network has steep and changing gradients, and an optimizer with averages has seen none of them yet. Full steps from the first one on
    carry the weights away.

Why it matters
    The run spends its first part on coming back, with larger weights than before, and sometimes with dead units. A few hundred steps of
    warmup avoid it and allow the same peak rate.

Criterion
    In the first EARLY of the run the training loss, as a median of three points, rises above the loss of the untrained network (what it may have been at the most, where a single batch tells it) by JUMP of it, and by WIDTHS noise
    widths, at LEAST points or more; the learning rate of the first point is at least FULL of its peak; and the run ends below its start. A warning
    where the loss needs more than LATE of the run to come back.

Source
    Goyal et al., "Accurate, large minibatch SGD", 2017; Ma & Yarats, "On the adequacy of untuned warmup for adaptive optimization", 2019.
    JUMP, WIDTHS: sound runs of AlgoPerf, DeepOBS and the lab rise by less than an eighth.

Known limits
    Needs the learning rate. A log thinned to one row in a hundred has no first steps.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from collector.schema import LR, TRAIN_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.level import before_training, end, start, surely_before_training
from diagnostics.stats.noise import noise

EARLY = 0.05  # of the run
JUMP = 0.3  # of the loss of the untrained network
WIDTHS = 8.0  # noise widths, as in diverged
LEAST = 3  # points: one high loss is a batch
FULL = 0.9  # of the peak learning rate
LATE = 0.1  # of the run
TIMES = 2.0  # warmup over the steps that the loss needed to come back
SHORTEST, LONGEST = 10, 0.1  # steps, of the run


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    loss = run[TRAIN_LOSS].finite()
    thrown = _thrown(run, loss)
    if thrown is None or not _full_at_once(run, loss):
        return
    span = int(loss.steps[-1] - loss.steps[0])
    evidence = Evidence(
        TRAIN_LOSS,
        int(loss.steps[0]),
        thrown.back,
        "highest smoothed loss over the first",
        thrown.peak / thrown.first,
        1 + JUMP,
    )
    yield Finding(
        "missing_warmup",
        "warning" if thrown.back - int(loss.steps[0]) > LATE * span else "info",
        f"At the full learning rate the loss first rose from {thrown.first:.3g} to {thrown.peak:.3g} and was back at step {thrown.back:,}.",
        (evidence,),
        _remedies(thrown.back - int(loss.steps[0]), span),
    )


@dataclass(frozen=True)
class Thrown:
    """A loss that rose at once: from where, how far, and the step at which it was back."""

    first: float
    peak: float
    back: int


def _thrown(run: Run, loss: Curve) -> Thrown | None:
    first = max(before_training(run), start(loss))
    early = loss.values[: max(LEAST + 2, round(EARLY * len(loss)))]
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(early, 3), axis=1)
    high = first + max(JUMP * first, WIDTHS * noise(loss.values[-len(loss) // 2 :]))
    high = max(high, (1 + JUMP) * surely_before_training(run))
    if first <= 0 or (smooth > high).sum() < LEAST or end(loss) >= first:
        return None
    after = np.flatnonzero(smooth > high)[-1] + 2  # past the last point that the median of three was taken from
    below = np.flatnonzero(loss.values[after:] <= first)
    back = int(loss.steps[after + below[0]]) if below.size else int(loss.steps[-1])
    return Thrown(first, float(smooth.max()), back)


def _full_at_once(run: Run, loss: Curve) -> bool:
    lr = run[LR].finite()
    first = lr.values[min(int(np.searchsorted(lr.steps, loss.steps[0])), len(lr) - 1)]
    return bool(first >= FULL * lr.values.max() > 0)


def _remedies(lost: int, span: int) -> tuple[Remedy, ...]:
    steps = int(float(f"{min(max(TIMES * lost, SHORTEST), max(LONGEST * span, SHORTEST)):.1g}"))
    return (
        Remedy(
            f"Raise the learning rate from 0 over the first {steps:,} steps.",
            "warmup_steps",
            f"the loss needed {lost:,} steps to come back; warmed up, it never leaves",
            value=steps,
        ),
        Remedy(
            "Clip the gradient norm at 1.",
            "max_grad_norm",
            "it bounds the first steps, where gradients are steepest",
            value=1.0,
        ),
    )


def _thrown_up(peak: float, points: int = 20, *, warm: int = 0, share: float = 0.05) -> Run:
    rest = synthetic.falling(2.3, 0.1, steps=synthetic.STEPS - points - 2)
    values = synthetic.noisy(np.r_[2.3, 2.3, np.full(points, peak), rest], share)
    lr = 0.1 * np.minimum(1.0, (np.arange(len(values)) + 1) / (warm + 1))
    return synthetic.make(values, lr=lr)


RULE = Rule(
    "missing_warmup",
    "Missing warmup",
    check,
    needs={TRAIN_LOSS: MIN_POINTS, LR: 1},
    fires={
        "three times the start": lambda: _thrown_up(7.0),
        "half above the start": lambda: _thrown_up(3.6),
        "a seventh of the run lost": lambda: _thrown_up(7.0, 140),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "a little above the start": lambda: _thrown_up(2.5),
        "warmed up": lambda: _thrown_up(7.0, warm=100),
        "one bad batch": lambda: _thrown_up(7.0, 1),
    },
)
