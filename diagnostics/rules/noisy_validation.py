"""Validation jumps so much from one evaluation to the next that its best value is luck.

What it means
    The validation set is the same each time, so either it is so small that a few examples decide, or the weights, or the running statistics of
    normalization layers, change a lot between evaluations.

Why it matters
    A checkpoint chosen, a run stopped or a learning rate cut by such a curve follows its noise.

Criterion
    Over the second half of the run, validation's jitter between neighbouring evaluations is more than NOISY of its whole fall and more than LOUD of its
    level.

Source
    Early stopping and plateau schedulers that misfire on noisy validation are a standing complaint about Keras and TensorFlow. Sound runs of AlgoPerf,
    DeepOBS and the lab stay under 0.02 of the fall, or 0.052 of the level.

Known limits
    A learning rate too high shakes validation too; lr_too_high then says so in its place.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import VAL_LOSS
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.level import end, start
from diagnostics.stats.noise import noise

NOISY = 0.03  # of the whole fall: see Source
LOUD = 0.06  # of the level
LEAST_EVALS = 16  # evaluations: eight in the second half, to know their spread to a quarter
AVERAGED = 5  # checkpoints, or evaluations, to average over


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    val = run[VAL_LOSS].finite()
    late = val.where(val.steps >= (val.steps[0] + val.steps[-1]) / 2)
    fall, level = start(val) - end(val), abs(end(val))
    if fall <= 0 or len(late) < LEAST_EVALS // 2:
        return
    plain = float(
        np.std(np.diff(late.values, n=2)) / np.sqrt(6)
    )  # of few differences a better figure than their median
    jitter = min(noise(late.values), plain)
    if jitter <= NOISY * fall or jitter <= LOUD * level:
        return
    span = int(late.steps[0]), int(late.steps[-1])
    yield Finding(
        "noisy_validation",
        "info",
        f"Validation jumps up and down by {jitter:.2g} between evaluations, {jitter / fall:.0%} of its whole fall.",
        (
            Evidence(VAL_LOSS, *span, "jitter as a share of the fall", jitter / fall, NOISY),
            Evidence(VAL_LOSS, *span, "jitter as a share of the level", jitter / level if level else np.inf, LOUD),
        ),
        _remedies(),
    )


def _remedies() -> tuple[Remedy, ...]:
    return (
        Remedy(
            f"Judge by the median of the last {AVERAGED} evaluations, not by the last one.",
            "val_smoothing",
            "the jitter of a median of five is half that of one",
            value=AVERAGED,
        ),
        Remedy(
            "Evaluate an average of the weights (EMA with decay 0.999).",
            "ema_decay",
            "what jumps between evaluations are the weights or their statistics",
            value=0.999,
        ),
        Remedy(
            "Use four times as many validation examples.",
            "val_size",
            "that halves the noise of the set itself",
            factor=4.0,
        ),
    )


def _jittery(sd: float, last: float = 0.3) -> Run:
    val = synthetic.falling(2.3, last, pace=20) + sd * np.random.default_rng(3).standard_normal(synthetic.STEPS)
    return synthetic.make(synthetic.noisy(synthetic.falling(2.3, last)), val)


RULE = Rule(
    "noisy_validation",
    "Noisy validation",
    check,
    needs={VAL_LOSS: LEAST_EVALS},
    fires={"a quarter of the fall": lambda: _jittery(0.5, 0.6), "a tenth of the fall": lambda: _jittery(0.2)},
    silent={
        "a healthy run": synthetic.healthy,
        "calm": lambda: _jittery(0.01),
        "small beside its level": lambda: _jittery(0.07, last=1.8),
    },
)
