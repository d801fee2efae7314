"""One process of a distributed training is slower than the others, and all wait for it.

What it means
    Every step ends when the last process is done. A slow device, a busy node or a slow disk in one place sets the pace of all.

Why it matters
    The time that the others wait is paid for.

Criterion
    Over the second half of the run the median step time of a rank is more than SLOWER times the median of all ranks, at LEAST points or more, and
    beyond WIDTHS widths of the ranks' own spread. Or, where steps end together, a rank waits for data for more than WAITS of the time longer than the
    median rank.

Source
    SageMaker Debugger's LoadBalancing and StepOutlier rules; "straggler" in Dean & Barroso, "The tail at scale", 2013. SLOWER: our own choice.

Known limits
    Where each step ends with an exchange of gradients, the step times of all ranks are alike, and only the wait for data tells them apart.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from collector.schema import DATA_WAIT, STEP_TIME
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.noise import MAD_TO_SD
from diagnostics.stats.ranks import alone

SLOWER = 1.15  # times the median rank: a seventh of the bill
WIDTHS = 6.0  # of the spread between ranks: beyond six, normal spread does not get there
WAITS = 0.15  # of the time
LEAST = 5  # points of a rank


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the slowest rank."""
    found = _slow(run) or _starved(run)
    if found:
        yield found


def _slow(run: Run) -> Finding | None:
    times = _medians(run, STEP_TIME)
    if len(times) < 2:
        return None
    rank, usual = max(times, key=lambda r: times[r]), float(np.median(list(times.values())))
    usual = min(times.values()) if len(times) == 2 else usual  # of two, the median is half way to the slow one
    spread = MAD_TO_SD * float(np.median([abs(t - usual) for t in times.values()])) if len(times) > 3 else 0.0
    if not times[rank] > max(SLOWER * usual, usual + WIDTHS * spread) > 0:
        return None
    ratio = times[rank] / usual
    evidence = Evidence(
        STEP_TIME, *_span(run[STEP_TIME]), f"step time of rank {rank} over the usual rank's", ratio, SLOWER
    )
    said = f"Rank {rank} takes {times[rank]:.3g} s a step, the usual rank {usual:.3g} s; all wait for the slowest."
    return Finding("slow_rank", "warning", said, (evidence,), _remedies(rank, ratio))


def _starved(run: Run) -> Finding | None:
    waits = _medians(run, DATA_WAIT)
    if len(waits) < 2 or DATA_WAIT not in run:
        return None
    rank = max(waits, key=lambda r: waits[r])
    usual = min(waits.values()) if len(waits) == 2 else float(np.median(list(waits.values())))
    more = waits[rank] - usual
    if more <= WAITS:
        return None
    evidence = Evidence(
        DATA_WAIT, *_span(run[DATA_WAIT]), f"wait of rank {rank} over the usual rank's", more, WAITS, "fraction"
    )
    said = f"Rank {rank} waits for its data {waits[rank]:.0%} of the time, the usual rank {usual:.0%}."
    return Finding("slow_rank", "warning", said, (evidence,), _remedies(rank, 1 / max(1 - more, WAITS)))


def _medians(run: Run, tag: str) -> Mapping[int, float]:
    """Median over the second half by rank, rank 0 being the run itself."""
    curves = {0: run.get(tag), **{rank: curves.get(tag) for rank, curves in run.ranks.items()}}
    late = {r: c.finite().values[len(c.finite()) // 2 :] for r, c in curves.items() if c is not None}
    return {r: float(np.median(values)) for r, values in late.items() if len(values) >= LEAST}


def _span(curve: Curve) -> tuple[int, int]:
    return int(curve.steps[len(curve) // 2]), int(curve.steps[-1])


def _remedies(rank: int, ratio: float) -> tuple[Remedy, ...]:
    return (
        Remedy(
            f"Check the device of rank {rank}: clock, temperature, other jobs, its disk; or leave that machine out.",
            "rank",
            f"without it a step takes about {1 / ratio:.0%} of the time",
            value=rank,
        ),
    )


def _with_ranks(times: list[float], tag: str = STEP_TIME) -> Run:
    """Rank 0 and the others with these step times (s) or waits."""
    steps = np.arange(10, 1001, 10)
    curves = [Curve(tag, steps, synthetic.noisy(np.full(100, t), 0.03, seed=i)) for i, t in enumerate(times)]
    others = {rank: {tag: curve} for rank, curve in enumerate(curves[1:], 1)}
    run = synthetic.with_curves(synthetic.healthy(), curves[0])
    run = synthetic.with_curves(run, Curve(STEP_TIME, steps, np.full(100, 0.1))) if tag != STEP_TIME else run
    return synthetic.with_ranks(run, others)


RULE = Rule(
    "slow_rank",
    "Slow rank",
    check,
    needs={STEP_TIME: LEAST},
    cannot=alone,
    fires={
        "one of four is a half slower": lambda: _with_ranks([0.1, 0.1, 0.15, 0.1]),
        "one of two is a half slower": lambda: _with_ranks([0.15, 0.1]),
        "one of four waits for data": lambda: _with_ranks([0.02, 0.4, 0.03, 0.02], DATA_WAIT),
    },
    silent={
        "a healthy run": lambda: _with_ranks([0.1, 0.1, 0.1, 0.1]),
        "a little slower": lambda: _with_ranks([0.1, 0.1, 0.108, 0.1]),
        "all differ": lambda: _with_ranks([0.1, 0.13, 0.16, 0.19]),
        "one process": lambda: _with_ranks([0.1]),
    },
)
