"""Whether a loss has levelled off, judged all along the run so that the answer does not flicker."""

from dataclasses import dataclass, replace

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve, Floats, Ints
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.level import end, start
from diagnostics.stats.trend import TAIL, Trend, trend

GAIN = 0.04  # of the whole fall, per doubling of the steps
BIG, SMALL = (
    0.2,
    0.015,
)  # of the loss at the end, and of the fall: a fifth less loss is worth a run even late in the fall
DOWN, AGAIN = 2.0, 5.0  # standard errors: to call a loss levelled off, and to take that back
LEAST_EVALS = 8  # evaluations for a slope with an error; fewer and training decides
GROUPS = 10  # means a line is fitted through, as in stats.trend
FIRST, GROWTH = (
    8,
    2 ** (1 / 16),
)  # points at the first look, and from look to look: a power of two apart, so thinning keeps the looks
MOST = 4_000  # points: beyond, neighbours are averaged


@dataclass(frozen=True)
class Falling:
    """Where the loss is going at the end of a run.

    Attributes:
        curve: the finite points judged: validation, or training where there are too few evaluations.
        now: the line through its end.
        fall: start − end.
        worth: gain per doubling of the steps below which going on is not worth it, in the unit of the loss.
        levelled: whether it was shown to gain less than that, and never clearly more since.
    """

    curve: Curve
    now: Trend
    fall: float
    worth: float
    levelled: bool


@once
def falling(run: Run) -> Falling:
    """Judge the end of ``run`` in the light of its past.

    A gain near the bound would be called one thing now and the other a moment later. So two bounds: the loss has levelled off
    when its gain is below ``worth`` by DOWN standard errors, and falls again only when it is above by AGAIN; by DOWN at the end of a run
    that has ended.
    """
    train, val = run[TRAIN_LOSS].finite(), run.get(VAL_LOSS)
    if val is None or len(val.finite()) < LEAST_EVALS:
        seen = _falling(train, False)
    else:
        before = train.where(train.steps <= val.finite().steps[LEAST_EVALS - 1])  # held when validation took over
        seen = _falling(val.finite(), bool(len(before)) and _levelled(_coarse(before), False))
    return seen if run.state == RUNNING else _at_last(seen)


def _at_last(seen: Falling) -> Falling:
    """A run that has ended cannot flicker: what it gains now, clear of the bound by DOWN on either side, outweighs what was seen earlier."""
    apart = (-seen.now.gain - seen.worth) / (DOWN * seen.now.error) if seen.now.error > 0 else np.inf
    if seen.fall <= 0 or abs(apart) <= 1:
        return seen
    return replace(seen, levelled=bool(-seen.now.gain < seen.worth))


def _falling(curve: Curve, before: bool) -> Falling:
    fall, last = start(curve) - end(curve), end(curve)
    return Falling(curve, trend(curve), fall, worth(fall, last), fall <= 0 or _levelled(_coarse(curve), before))


def worth(fall: float, last: float) -> float:
    """The gain per doubling that is worth going on for: GAIN of the fall, or BIG of the loss and SMALL of the fall if less."""
    return min(GAIN * fall, max(BIG * abs(last), SMALL * fall))


def _levelled(curve: Curve, levelled: bool) -> bool:
    gains, errors, worths = _looks(curve)
    for gain, error, enough in zip(gains, errors, worths, strict=True):
        if gain + DOWN * error < enough:
            levelled = True
        elif gain - AGAIN * error > enough:
            levelled = False
    return levelled


def _looks(curve: Curve) -> tuple[Floats, Floats, Floats]:
    """At each look (the points up to one place; the places stay where they are as the run grows): gain per doubling, its standard error, and what would be worth it."""
    count = 1 + int(np.log(max(len(curve) / FIRST, 1.0)) / np.log(GROWTH))
    looks = np.unique(np.round(FIRST * GROWTH ** np.arange(count)).astype(np.int64))
    looks = looks[looks <= len(curve)] if len(curve) >= FIRST else np.array([len(curve)])
    most = 10 * abs(start(curve)) + float(curve.values.min())
    values = np.asarray(np.minimum(curve.values, most), np.float64)  # sums over a 1e30 lose the rest
    last = curve.steps[looks - 1]
    first = np.searchsorted(curve.steps, last - TAIL * (last - curve.steps[0]))
    edges = first[:, None] + np.round((looks - first)[:, None] * np.linspace(0, 1, GROUPS + 1)).astype(np.int64)
    done = (curve.steps - curve.steps[0] + 1).astype(np.float64)
    level, place = _means(values, edges), np.log(_means(done, edges))
    gain, error = _lines(place, level)
    ends = level[:, -2:].mean(axis=1)  # the last 8 % of the run
    falls = start(curve) - ends
    enough = np.minimum(GAIN * falls, np.maximum(BIG * np.abs(ends), SMALL * falls))
    return -gain, error, enough


def _means(values: Floats, edges: Ints) -> Floats:
    """Mean of ``values`` between neighbouring ``edges`` [looks, groups + 1]; NaN for an empty group."""
    sums = np.r_[0.0, np.cumsum(values)]
    counts = np.diff(edges, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.diff(sums[edges], axis=1) / counts)


def _lines(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Change of ``y`` [looks, groups] per doubling along the least-squares line over the logarithm ``x``, and its standard error."""
    known = np.isfinite(x) & np.isfinite(y)
    n = known.sum(axis=1)
    x, y = np.where(known, x, np.nan), np.where(known, y, np.nan)
    x, y = x - np.nanmean(x, axis=1, keepdims=True), y - np.nanmean(y, axis=1, keepdims=True)
    spread = np.nansum(x * x, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.nansum(x * y, axis=1) / spread
        rest = np.nansum((y - slope[:, None] * x) ** 2, axis=1)
        error = np.where((n > 2) & (spread > 0), np.sqrt(rest / np.maximum(n - 2, 1) / spread), np.inf)
    error = error * (1 + 2 / np.maximum(n - 2, 1))  # few points: about Student's quantile over the normal one
    slope = np.where(spread > 0, slope, 0.0)
    return slope * np.log(2), error * np.log(2)


def _coarse(curve: Curve) -> Curve:
    """Means of 2ᵏ neighbours, the same ones however long the run grows, once there are more than ``MOST`` points."""
    size = 2 ** max(0, int(np.ceil(np.log2(len(curve) / MOST))))
    full = len(curve) // size * size
    if size == 1:
        return curve
    values = curve.values[:full].reshape(-1, size).mean(axis=1)
    return Curve(curve.tag, curve.steps[size - 1 : full : size], values)
