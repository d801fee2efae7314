"""Spikes: where a loss suddenly stands far above where it was, and how long it takes to come back."""

from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Curve, Floats
from diagnostics.stats.noise import MAD_TO_SD

WIDTHS = 10.0  # noise widths: the batches of sound runs are not normal, and reach 9
WIDTHS_IN_LOGS = 5.0  # the same of the logarithms: normal noise does not get there in 10⁶ points
IN_A_ROW = 3  # points that are half as high: no odd batch
SHARE = 0.25  # of the fall until then
BEYOND = 2.0  # times the largest usual step up
STRETCHES = 50  # of 2 % of the run each: what a point is compared with lies within the last 8 %
LEAST_STRETCH = 5  # points, for a median and a spread
BEFORE = 3  # stretches: the spread and the largest usual step up are taken from these
AFTER = 5  # points: back means that most of so many are down again
SHARE_BACK = 0.2  # of the spike's height, or of the progress made before if that is less: so near it has recovered
MOST = 50  # spikes looked at, so that a curve of nothing but spikes costs no time


@dataclass(frozen=True)
class Spike:
    """One spike.

    Attributes:
        first: step of its first point.
        peak: step of its highest point.
        back: first step at which the loss was down again; None when it never was.
        level: the loss before, a median.
        height: highest value − ``level``.
        widths: ``height`` at the first point, in noise widths.
    """

    first: int
    peak: int
    back: int | None
    level: float
    height: float
    widths: float


def spikes(curve: Curve) -> list[Spike]:
    """The spikes of ``curve``'s finite points, in order; none before the fourth stretch.

    A spike begins where a point stands above the median of the stretch before it by ``WIDTHS`` noise widths, by ``SHARE`` of the
    fall from the start to that median, by ``BEYOND`` times the largest such step in the stretches before, and, unless ``IN_A_ROW`` stay there, by ``WIDTHS_IN_LOGS`` of the logarithms: a
    loss with a heavy tail is not a loss with spikes. But for those, only earlier points are looked at, so the same spike is found while the run goes on.
    """
    finite = curve.finite()
    stretch = max(LEAST_STRETCH, len(finite) // STRETCHES)
    count = len(finite) // stretch
    if count <= BEFORE:
        return []
    level, spread, largest = _before(finite.values[: count * stretch].reshape(count, stretch))
    sizes = np.full(count, stretch)
    sizes[-1] += len(finite) - count * stretch
    up = finite.values - np.repeat(level, sizes)
    progress = float(np.median(finite.values[:LEAST_STRETCH])) - level
    needed = np.maximum(np.maximum(WIDTHS * spread, BEYOND * largest), SHARE * progress)
    needed[~(progress > 0)] = np.inf
    found = np.flatnonzero(up > np.repeat(np.maximum(needed, 0.0), sizes))
    found = found[_odd(finite.values, found, np.minimum(found // stretch, count - 1) * stretch, stretch)]
    of = np.minimum(found // stretch, count - 1)
    return _joined(finite, found, level[of], spread[of], progress[of])


def _odd(values: Floats, at: np.ndarray, begins: np.ndarray, stretch: int) -> np.ndarray:
    """Which of the points ``at``, in stretches that begin at ``begins``, stand out by their logarithms too, of losses above 0, or are followed by more as high.

    Batches that differ many-fold have heavy tails.
    """
    first, which = np.unique(begins, return_inverse=True)
    bounds = [_tail(values[max(0, begin - BEFORE * stretch) : begin]) for begin in first]
    level, bound = np.reshape(bounds, (-1, 2))[which].T
    half = (values[at] + level) / 2
    ahead = at[:, None] + np.arange(IN_A_ROW)
    stays = (ahead[:, -1] < len(values)) & (values[np.minimum(ahead, len(values) - 1)] > half[:, None]).all(axis=1)
    odd: np.ndarray = stays | (values[at] > bound)
    return odd


def _tail(before: Floats) -> tuple[float, float]:
    """The median of the points before, and how high an odd batch may well be."""
    level = float(np.median(before))
    if (before <= 0).any():
        return level, -np.inf
    logs = np.log(before)
    spread = MAD_TO_SD * float(np.median(np.abs(logs - np.median(logs))))
    return level, float(np.exp(np.median(logs) + WIDTHS_IN_LOGS * spread))


def _before(table: Floats) -> tuple[Floats, Floats, Floats]:
    """By stretch: median of the one before, and the largest spread and step up of the ``BEFORE`` before; inf where too few."""
    median = np.median(table, axis=1)
    spread = MAD_TO_SD * np.median(np.abs(table - median[:, None]), axis=1)
    step = np.max(table[1:] - median[:-1, None], axis=1, initial=0.0)
    level, wide, high = (np.full(len(table), np.inf) for _ in range(3))
    level[1:] = median[:-1]
    windows = np.lib.stride_tricks.sliding_window_view
    wide[BEFORE:] = windows(spread, BEFORE).max(axis=1)[:-1]
    high[BEFORE + 1 :] = windows(step, BEFORE).max(axis=1)[:-1]
    high[BEFORE] = step[: BEFORE - 1].max()
    return level, wide, high


def _joined(curve: Curve, found: np.ndarray, level: Floats, spread: Floats, progress: Floats) -> list[Spike]:
    """One spike for each stretch of points until the loss is back; the points up there belong to it."""
    spikes: list[Spike] = []
    done = -1
    for at, base, width, made in zip(found, level, spread, progress, strict=True):
        if at <= done or len(spikes) >= MOST:
            continue
        rest = curve.values[at:]
        limit = base + max(2 * width, SHARE_BACK * min(rest[0] - base, made))
        back = _back(rest, limit)
        until = back if back is not None else rest.size
        peak = int(np.argmax(rest[:until]))
        done = at + until
        spikes.append(
            Spike(
                first=int(curve.steps[at]),
                peak=int(curve.steps[at + peak]),
                back=int(curve.steps[at + back]) if back is not None else None,
                level=float(base),
                height=float(rest[peak] - base),
                widths=float((rest[0] - base) / width) if width else float("inf"),
            )
        )
    return spikes


def _back(values: Floats, limit: float) -> int | None:
    """Index of the first point below ``limit`` from which most of ``AFTER`` points are; at the end, of those there are."""
    down = (values <= limit).astype(float)
    ahead = np.convolve(down, np.ones(AFTER))[AFTER - 1 :]  # of this point and the next four
    left = np.minimum(AFTER, np.arange(values.size, 0, -1))
    good = np.flatnonzero((ahead > left / 2) & (down > 0))
    return int(good[0]) if good.size else None
