"""What a screen needs of a curve and no rule judges by: the moving average, thinning for drawing, best point, liveliness."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collector.schema import RUNNING
from diagnostics.curve import Curve, Floats, Ints
from diagnostics.run import Run

POINTS = 2_000  # per drawn line: more than the pixels of a wide screen; refresh stays under 0.2 s (measured)
GAP = 20.0  # median spacings: a longer silence is a gap in the log, not its cadence
SHARE = 0.02  # of the run: the window that shows the trend of a few thousand noisy steps and still shows a decay
LEAST = 5  # points a window should hold to smooth anything
HEALTHY_RATIO = 1e-3  # update / weight size: the course (EECS 498 / CS231n)
TINY = 1e-12  # below any update that changes a float32 weight; stands in for 0 in a logarithm
STALE_SHARE = 20.0  # median intervals between rows without a new one: the process hangs or is gone
STALE_LEAST = 120.0  # s: an evaluation or a checkpoint may take that long


@dataclass(frozen=True)
class Drawn:
    """A curve thinned for drawing.

    Attributes:
        steps, values: [n] the line; a value is NaN where it must break.
        broken: steps [m] of NaN and Inf.
        broken_at: [m] the value in force there, so that the mark sits where the line was lost.
    """

    steps: Ints
    values: Floats
    broken: Ints
    broken_at: Floats


def moving_average(curve: Curve, window: int) -> Curve:
    """Mean of the points of the last ``window`` steps at each point; starts afresh after NaN, Inf and gaps.

    A point that is not finite stays as it is. ``window`` 0 gives the curve back.
    """
    n = len(curve)
    if window <= 0 or n == 0:
        return curve
    first = np.maximum(np.searchsorted(curve.steps, curve.steps - window, side="right"), _segment_starts(curve))
    means = _sums(np.nan_to_num(curve.values, nan=0.0, posinf=0.0, neginf=0.0), first, np.arange(n) + 1)
    means /= np.arange(n) + 1 - first
    return Curve(curve.tag, curve.steps, np.where(np.isfinite(curve.values), means, curve.values), curve.wall_time)


def _segment_starts(curve: Curve) -> Ints:
    """Index [n] at which the unbroken stretch holding each point begins; a broken point is a stretch of its own."""
    n = len(curve)
    broken = ~np.isfinite(curve.values)
    opens = np.zeros(n, dtype=bool)
    opens[0] = True
    opens[1:] = broken[1:] | broken[:-1] | _gaps(curve.steps)
    return np.asarray(np.maximum.accumulate(np.where(opens, np.arange(n), 0)), dtype=np.int64)


def _gaps(steps: Ints) -> NDArray[np.bool_]:
    spacing = np.diff(steps)
    return np.asarray(spacing > GAP * max(float(np.median(spacing)), 1.0)) if spacing.size else np.zeros(0, dtype=bool)


def _sums(values: Floats, first: Ints, stop: Ints) -> Floats:
    """Sum of ``values[first:stop]`` for each pair, from blocks of 2^k: a cumulative sum would lose all after a 1e30 spike."""
    total, at, left, block = np.zeros(first.size), first.copy(), stop - first, values
    while left.any():
        odd = (left & 1).astype(bool)
        total[odd] += block[at[odd]]
        width = values.size - block.size + 1
        at[odd] += width
        left >>= 1
        block = block[: block.size - width] + block[width:] if block.size > width else block[:0]
    return total


def thin(curve: Curve, points: int = POINTS) -> Drawn:
    """At most about ``points`` points, the smallest and largest of each stretch among them, and where the line breaks."""
    finite = np.flatnonzero(np.isfinite(curve.values))
    kept = finite[_extremes(curve.values[finite], points)]
    breaks = _break_points(curve, points)
    order = np.union1d(kept, breaks)
    values = np.where(np.isin(order, breaks), np.nan, curve.values[order])
    return Drawn(curve.steps[order], values, curve.steps[breaks], _level_at(curve, curve.steps[breaks]))


def _level_at(curve: Curve, steps: Ints) -> Floats:
    """The last finite value before each of ``steps``; before the first one, that; 1 when there is none at all."""
    finite = curve.finite()
    first = finite.values[0] if len(finite) else 1.0
    return np.nan_to_num(finite.at(steps), nan=first)


def _extremes(values: Floats, points: int) -> Ints:
    """Indices of first, last, and minimum and maximum of each of ``points`` / 2 buckets."""
    n = values.size
    if n <= points:
        return np.arange(n, dtype=np.int64)
    edges = np.linspace(0, n, points // 2 + 1).astype(np.int64)
    buckets = [values[a:b] for a, b in itertools.pairwise(edges)]
    low = edges[:-1] + [int(b.argmin()) for b in buckets]
    high = edges[:-1] + [int(b.argmax()) for b in buckets]
    return np.unique(np.concatenate([[0], low, high, [n - 1]])).astype(np.int64)


def _break_points(curve: Curve, points: int) -> Ints:
    """Indices of NaN and Inf: the first and last of each stretch of them, and a share of the rest."""
    broken = ~np.isfinite(curve.values)
    padded = np.concatenate([[False], broken, [False]])
    edges = np.flatnonzero(broken & ~(padded[:-2] & padded[2:]))
    all_broken = np.flatnonzero(broken)
    chosen = edges if edges.size <= points else edges[:: -(-edges.size // points)]
    return np.union1d(chosen, all_broken[:: max(1, -(-all_broken.size // (points // 4)))]).astype(np.int64)


def spark(curve: Curve, points: int = 60) -> list[float]:
    """A few finite values for a thumbnail."""
    drawn = thin(curve.finite(), points)
    return [float(v) for v in drawn.values]


def window_for(curve: Curve) -> int:
    """A calm default for the moving average: about ``SHARE`` of the run, a round number of steps."""
    if len(curve) < LEAST:
        return 0
    spacing = max(float(np.median(np.diff(curve.steps))), 1.0)
    if len(curve) * SHARE < 2:
        return 0  # too few points: smoothing would hide them
    return _round(max(SHARE * float(curve.steps[-1] - curve.steps[0]), LEAST * spacing))


def _round(steps: float) -> int:
    """The nearest of 1, 2, 5 × 10^k."""
    choices: list[int] = [m * 10**k for k in range(9) for m in (1, 2, 5)]
    return min(choices, key=lambda c: abs(math.log(c / steps)))


def best(curve: Curve, *, largest: bool = False) -> tuple[int, float] | None:
    """Step and value of the smallest (or largest) finite point, or None."""
    finite = curve.finite()
    if not len(finite):
        return None
    at = int(finite.values.argmax() if largest else finite.values.argmin())
    return int(finite.steps[at]), float(finite.values[at])


def stalls_at(run: Run) -> float | None:
    """When (s since 1970) a run that says it is running has been silent for far longer than its rows are apart."""
    if run.state != RUNNING or run.last_time is None:
        return None
    longest = max(run.curves.values(), key=len)
    gaps = np.diff(longest.wall_time[np.isfinite(longest.wall_time)])
    usual = float(np.median(gaps)) if gaps.size else 0.0
    return run.last_time + max(STALE_SHARE * usual, STALE_LEAST)


def worst_layers(layers: pd.DataFrame, count: int) -> pd.DataFrame:
    """Each layer's medians over the run, those whose update ratio is furthest from 1e-3 (as a factor) first.

    A median, because the last steps of a decayed learning rate update nothing and say nothing.
    """
    usual = layers.drop(columns="step").groupby("layer", sort=False).median().reset_index()
    away = np.abs(np.log10(usual["update_ratio"].clip(lower=TINY).to_numpy(dtype=float) / HEALTHY_RATIO))
    return usual.iloc[np.argsort(-np.nan_to_num(away, nan=np.inf), kind="stable")[:count]]
