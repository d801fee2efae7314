"""One process of a distributed training sees another loss than the others.

What it means
    The processes hold the same weights, so their losses differ only by their batches. One that is NaN, or lies aside for good, has other data,
    other weights, or a faulty device.

Why it matters
    Its gradient is averaged into everybody's. A silent fault on one device spoils the whole run, and rank 0, whose loss is logged, does not show it.

Criterion
    Over the second half of the run, a rank's loss is not finite at half of its points or more while the others' are, or its mean is away from the middle one of the
    ranks by more than CLEAR standard errors and APART of the whole fall.

Source
    OPT's and BLOOM's logbooks tell of runs spoiled by one device; bigscience's ml-engineering advises to compare ranks. CLEAR, APART: our own choice.

Known limits
    Ranks that are given different kinds of data on purpose (a data mix by rank) differ on purpose.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from collector.schema import TRAIN_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.level import end, start
from diagnostics.stats.ranks import alone

CLEAR = 8.0  # standard errors: the losses of neighbouring steps are not independent
APART = 0.1  # of the whole fall
LEAST_RANKS = 3  # to say which one is aside
LEAST = 10  # points of a rank in the second half


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the rank that is furthest aside."""
    losses = _late(run)
    if len(losses) < LEAST_RANKS:
        return
    broken = [rank for rank, values in losses.items() if np.isfinite(values).mean() <= 0.5]
    if broken and len(broken) < len(losses) / 2:
        yield _not_finite(run, broken[0], losses)
    elif not broken:
        yield from _aside(run, losses)


def _late(run: Run) -> Mapping[int, Floats]:
    """The losses of the second half by rank, rank 0 being the run itself."""
    middle = run.last_step / 2 + run[TRAIN_LOSS].steps[0] / 2
    curves = {0: run[TRAIN_LOSS], **{rank: c[TRAIN_LOSS] for rank, c in run.ranks.items() if TRAIN_LOSS in c}}
    late = {rank: curve.values[curve.steps >= middle] for rank, curve in curves.items()}
    return {rank: values for rank, values in late.items() if values.size >= LEAST}


def _not_finite(run: Run, rank: int, losses: Mapping[int, Floats]) -> Finding:
    share = 1 - float(np.isfinite(losses[rank]).mean())
    evidence = Evidence(TRAIN_LOSS, *_span(run), f"share of rank {rank}'s losses that are not finite", share, 0.5)
    said = f"The loss of rank {rank} is not a number at {share:.0%} of its points; that of the others is."
    return Finding("diverging_rank", "error", said, (evidence,), _remedies(rank))


def _aside(run: Run, losses: Mapping[int, Floats]) -> Iterator[Finding]:
    finite = {rank: values[np.isfinite(values)] for rank, values in losses.items()}
    means = {rank: float(values.mean()) for rank, values in finite.items()}
    middle = float(np.median(list(means.values())))
    rank = max(means, key=lambda r: abs(means[r] - middle))
    error = float(finite[rank].std(ddof=1) / np.sqrt(finite[rank].size))
    away, fall = abs(means[rank] - middle), start(run[TRAIN_LOSS]) - end(run[TRAIN_LOSS])
    if away <= max(CLEAR * error, APART * abs(fall)):
        return
    evidence = Evidence(
        TRAIN_LOSS, *_span(run), f"mean loss of rank {rank}, against the middle rank's", means[rank], middle
    )
    said = f"The loss of rank {rank} is {means[rank]:.3g} where the others have {middle:.3g}."
    yield Finding("diverging_rank", "warning", said, (evidence,), _remedies(rank))


def _span(run: Run) -> tuple[int, int]:
    loss: Curve = run[TRAIN_LOSS]
    return int(loss.steps[len(loss) // 2]), int(loss.steps[-1])


def _remedies(rank: int) -> tuple[Remedy, ...]:
    return (
        Remedy(
            f"Compare a checksum of the weights between rank {rank} and the others, then its batches.",
            "rank",
            "equal weights and equal data give equal losses; what differs is the fault",
            value=rank,
        ),
    )


def _with_ranks(*offsets: float) -> Run:
    """Rank 0 and others whose loss is higher by these offsets."""
    run, steps = synthetic.healthy(), np.arange(10, 1001, 10)
    level = synthetic.falling()[steps - 1]
    losses = [synthetic.noisy(level, 0.05, seed=i) + off for i, off in enumerate(offsets, 1)]
    return synthetic.with_ranks(run, {i: {TRAIN_LOSS: Curve(TRAIN_LOSS, steps, v)} for i, v in enumerate(losses, 1)})


RULE = Rule(
    "diverging_rank",
    "Diverging rank",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    cannot=alone,
    fires={"one is NaN": lambda: _with_ranks(0.0, np.nan, 0.0), "one lies aside": lambda: _with_ranks(0.0, 1.0, 0.0)},
    silent={
        "all alike": lambda: _with_ranks(0.0, 0.0, 0.0),
        "a little aside": lambda: _with_ranks(0.0, 0.05, 0.0),
        "one process": synthetic.healthy,
    },
)
