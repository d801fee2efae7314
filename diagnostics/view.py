"""What a screen needs of a curve and no rule judges by: the moving average, thinning for drawing, best point, liveliness.

Curves are thinned by numpy: two points a column of pixels, its smallest and largest. tsdownsample does the same in the same
time (1 million points in 3 ms), but its MinMax drops NaN, it knows no logarithmic axis, and it is 10 MB of compiled code.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from collector.schema import RUNNING
from diagnostics.curve import Curve, Floats, Ints
from diagnostics.folds import Band
from diagnostics.once import once
from diagnostics.readers.understanding import names
from diagnostics.run import Run

POINTS = 2_000  # per drawn line: more than the pixels of a wide screen; refresh stays under 0.2 s (measured)
GAP = 20.0  # median spacings: a longer silence is a gap in the log, not its cadence
SHARE = 0.02  # of the run: the window that shows the trend of a few thousand noisy steps and still shows a decay
LEAST = 5  # points a window should hold to smooth anything
SAMPLED = 1_000  # windows that tell how long most are: a median of all takes longer than the sums
STALE_SHARE = 20.0  # median intervals between rows without a new one: the process hangs or is gone
STALE_LEAST = 120.0  # s: an evaluation or a checkpoint may take that long


@dataclass(frozen=True)
class Drawn:
    """A curve thinned for drawing.

    Attributes:
        steps, x, values: [n] the line, ``x`` being where a step lies on the axis; a value is NaN where it must break.
        broken, broken_x: steps [m] of NaN and Inf, and where they lie.
        broken_at: [m] the value in force there, so that the mark sits where the line was lost.
        broken_values: [m] what was logged there: NaN, Inf or -Inf.
        logged: how many points of the curve lie in the span that is drawn.
    """

    steps: Ints
    x: Floats
    values: Floats
    broken: Ints
    broken_x: Floats
    broken_at: Floats
    broken_values: Floats
    logged: int


def moving_average(curve: Curve, window: int, begin: int = 0, end: int | None = None) -> Curve:
    """Mean of the points of the last ``window`` steps at each point; starts afresh after NaN, Inf and gaps.

    A point that is not finite stays as it is. ``window`` 0 smooths nothing. Only the points ``begin`` to ``end`` are given
    back, each as in the whole.
    """
    end = len(curve) if end is None else end
    if window <= 0 or end <= begin:
        return _slice(curve, begin, end)
    first = int(np.searchsorted(curve.steps, curve.steps[begin] - window, side="right"))
    means = _means(_slice(curve, first, end), window, GAP * _spacing(curve))[begin - first :]
    return Curve(curve.tag, curve.steps[begin:end], means, curve.wall_time[begin:end])


def _slice(curve: Curve, begin: int, end: int) -> Curve:
    """The points ``begin`` to ``end``, without a copy."""
    if (begin, end) == (0, len(curve)):
        return curve
    return Curve(curve.tag, curve.steps[begin:end], curve.values[begin:end], curve.wall_time[begin:end])


def _means(curve: Curve, window: int, gap: float) -> Floats:
    n = len(curve)
    first = np.maximum(_reach(curve.steps, window), _segment_starts(curve, gap))
    means = _sums(np.nan_to_num(curve.values, nan=0.0, posinf=0.0, neginf=0.0), first, np.arange(n) + 1)
    means /= np.arange(n) + 1 - first
    return np.where(np.isfinite(curve.values), means, curve.values)


def _reach(steps: Ints, window: int) -> Ints:
    """Index [n] of the first point within the last ``window`` steps of each; known without a search where steps are even."""
    apart = np.diff(steps)
    if apart.size and apart[0] > 0 and (apart == apart[0]).all():
        return np.arange(steps.size) + 1 + (-window // int(apart[0]))
    return np.asarray(np.searchsorted(steps, steps - window, side="right"))


def _segment_starts(curve: Curve, gap: float) -> Ints:
    """Index [n] at which the unbroken stretch holding each point begins; a broken point is a stretch of its own."""
    n = len(curve)
    broken = ~np.isfinite(curve.values)
    opens = np.zeros(n, dtype=bool)
    opens[0] = True
    opens[1:] = broken[1:] | broken[:-1] | (np.diff(curve.steps) > gap)
    return np.asarray(np.maximum.accumulate(np.where(opens, np.arange(n), 0)), dtype=np.int64)


@once
def _spacing(curve: Curve) -> float:
    """Steps between two points, usually; at least 1."""
    return max(float(np.median(np.diff(curve.steps))), 1.0) if len(curve) > 1 else 1.0


def _sums(values: Floats, first: Ints, stop: Ints) -> Floats:
    """Sum of ``values[first:stop]`` for each pair; nearly all are equally long, and those are added ten times as fast."""
    lengths = stop - first
    usual = int(np.median(lengths[:: max(lengths.size // SAMPLED, 1)]))
    alike = lengths == usual
    total = np.empty(first.size)
    total[alike] = _equal_sums(values, usual)[first[alike]]
    if not alike.all():
        rest, lowest = ~alike, int(first[~alike].min())
        reached = values[lowest : int(stop[rest].max())]
        total[rest] = _unequal_sums(reached, first[rest] - lowest, stop[rest] - lowest)
    return total


def _equal_sums(values: Floats, width: int) -> Floats:
    """Sum of ``values[i:i + width]`` for each i, from blocks of 2^k: a cumulative sum would lose all after a 1e30 spike."""
    size = values.size - width + 1
    total, at, block, span = np.zeros(size), 0, values, 1
    while width:
        if width & 1:
            total += block[at : at + size]
            at += span
        width >>= 1
        block = block[:-span] + block[span:] if width else block
        span *= 2
    return total


def _unequal_sums(values: Floats, first: Ints, stop: Ints) -> Floats:
    """Sum of ``values[first:stop]`` for each pair, from blocks of 2^k as well."""
    total, at, left, block = np.zeros(first.size), first.copy(), stop - first, values
    while left.any():
        odd = (left & 1).astype(bool)
        total[odd] += block[at[odd]]
        width = values.size - block.size + 1
        at[odd] += width
        left >>= 1
        block = block[: block.size - width] + block[width:] if block.size > width else block[:0]
    return total


def thin(
    curve: Curve,
    points: int = POINTS,
    *,
    x: Floats | None = None,
    log: bool = False,
    span: tuple[float, float] | None = None,
) -> Drawn:
    """At most about ``points`` points, the smallest and largest of each column of pixels among them, and where it breaks.

    ``x`` [n], not decreasing, is where the points lie on the axis, the steps unless given; ``log``: that axis is logarithmic.
    ``span``: only this stretch of the axis is drawn, and one point on either side, so that the line reaches its edges.
    """
    x = curve.steps.astype(np.float64) if x is None else x
    begin, end = inside(x, span)
    within, values, places = np.arange(begin, end), curve.values[begin:end], x[begin:end]
    drawable = np.isfinite(values)
    if log:
        drawable &= places > 0
    if drawable.all():
        kept = within[_extremes(values, places, points, log)]
    else:
        kept = within[drawable][_extremes(values[drawable], places[drawable], points, log)]
    breaks = within[_break_points(values, points)]
    order = np.union1d(kept, breaks) if breaks.size else kept
    line = curve.steps[order], x[order], np.where(np.isfinite(curve.values[order]), curve.values[order], np.nan)
    level = _level_at(curve, curve.steps[breaks])
    return Drawn(*line, curve.steps[breaks], x[breaks], level, curve.values[breaks], end - begin)


def inside(x: Floats, span: tuple[float, float] | None) -> tuple[int, int]:
    """First and one past the last index of what lies in ``span``, with a neighbour on either side."""
    if span is None:
        return 0, x.size
    first, stop = np.searchsorted(x, span[0], side="left"), np.searchsorted(x, span[1], side="right")
    return max(int(first) - 1, 0), min(int(stop) + 1, x.size)


def _level_at(curve: Curve, steps: Ints) -> Floats:
    """The last finite value before each of ``steps``; before the first one, that; 1 when there is none at all."""
    if not steps.size:
        return np.empty(0)
    finite = curve.finite()
    first = finite.values[0] if len(finite) else 1.0
    return np.nan_to_num(finite.at(steps), nan=first)


def _extremes(values: Floats, x: Floats, points: int, log: bool) -> Ints:
    """Indices of first, last, and minimum and maximum of each of ``points`` / 2 columns of equal width on the axis."""
    n = values.size
    if n <= points:
        return np.arange(n, dtype=np.int64)
    columns = np.geomspace(x[0], x[-1], points // 2 + 1) if log else np.linspace(x[0], x[-1], points // 2 + 1)
    edges = np.unique(np.concatenate([[0], np.searchsorted(x, columns[1:-1]), [n]]))
    buckets = [values[a:b] for a, b in itertools.pairwise(edges)]
    low = edges[:-1] + [int(b.argmin()) for b in buckets]
    high = edges[:-1] + [int(b.argmax()) for b in buckets]
    marked = np.zeros(n, dtype=bool)  # faster than np.unique, which hashes
    marked[[0, n - 1]] = marked[low] = marked[high] = True
    return np.flatnonzero(marked)


def _break_points(values: Floats, points: int) -> Ints:
    """Indices of NaN and Inf: the first and last of each stretch of them, and a share of the rest."""
    broken = ~np.isfinite(values)
    if not broken.any():
        return np.empty(0, dtype=np.int64)
    padded = np.concatenate([[False], broken, [False]])
    edges = np.flatnonzero(broken & ~(padded[:-2] & padded[2:]))
    all_broken = np.flatnonzero(broken)
    chosen = edges if edges.size <= points else edges[:: -(-edges.size // points)]
    return np.union1d(chosen, all_broken[:: max(1, -(-all_broken.size // (points // 4)))]).astype(np.int64)


def spark(curve: Curve, points: int = 60) -> list[float]:
    """A few values for a thumbnail: the means of as many stretches, NaN where one holds what is not finite.

    Their extremes would make all noisy curves look alike.
    """
    values = np.where(np.isfinite(curve.values), curve.values, np.nan)
    stretches = np.array_split(values, min(points, values.size)) if values.size else []
    return [float(stretch.mean()) for stretch in stretches]


def window_for(curve: Curve) -> int:
    """A calm default for the moving average: about ``SHARE`` of the run, a round number of steps."""
    if len(curve) < LEAST:
        return 0
    spacing = _spacing(curve)
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


@once
def gap(train: Curve, val: Curve, window: int) -> tuple[Curve, Curve]:
    """Training smoothed over ``window`` steps, and validation, where the latter was measured and both are finite."""
    smooth = moving_average(train, window).finite().at(val.steps)
    both = np.isfinite(smooth) & np.isfinite(val.values)
    return Curve(train.tag, val.steps[both], smooth[both]), val.where(both)


def thin_band(band: Band, points: int = POINTS) -> Band:
    """``band`` where ``thin`` keeps its mean."""
    kept = np.isin(band.steps, thin(Curve("", band.steps, band.mean), points).steps)
    return Band(band.steps[kept], band.mean[kept], np.nan_to_num(band.sd[kept]))


def evaluations(run: Run, tag: str) -> list[str]:
    """The other evaluation sets in ``run`` on which the quantity of ``tag`` (``val/loss``) was measured."""
    quantity = names.read(tag).quantity
    found = {other: names.read(other) for other in run.curves if other not in (tag, tag.replace("val/", "train/"))}
    return [other for other, name in found.items() if (name.quantity, name.split) == (quantity, names.VAL)]


def stalls_at(run: Run) -> float | None:
    """When (s since 1970) a run that says it is running has been silent for far longer than its rows are apart."""
    if run.state != RUNNING or run.last_time is None:
        return None
    longest = max(run.curves.values(), key=len)
    gaps = np.diff(longest.wall_time[np.isfinite(longest.wall_time)])
    usual = float(np.median(gaps)) if gaps.size else 0.0
    return run.last_time + max(STALE_SHARE * usual, STALE_LEAST)
