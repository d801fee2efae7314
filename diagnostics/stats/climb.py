"""How much speaks for it that a loss has turned up since its lowest."""

import numpy as np

from diagnostics.curve import Curve, Floats
from diagnostics.once import once
from diagnostics.stats.noise import MAD_TO_SD
from diagnostics.stats.turning import LEAST, SHORT, turn

ALLOWED = 0.75  # noise widths that a point may stand above the lowest and speak for nothing
PICKED = 3.0  # widths more, over the root of the points in its median: the lowest of many medians is below their mean
MOST = 4.0  # widths that one point counts for, either way: a single spike proves nothing
FIRST_GUESS = 0.005  # of the lowest: the noise of a validation loss, until it has told its own
GUESS_COUNTS = 2.0  # bends that the guess is worth


@once
def climb(curve: Curve) -> float:
    """The evidence in noise widths: Page's cumulative sum over the points after the smoothed lowest of ``curve``.

    Each counts by how far it stands above the lowest, less what chance accounts for; points that come down again take from the sum, which
    does not go below 0.
    """
    values, seen = curve.finite().values, turn(curve)
    at = len(values) - 1 - seen.after
    allowed = ALLOWED + PICKED / np.sqrt(max(3, round(SHORT * len(values))))
    width = max(_width(values, at, abs(seen.best)), np.finfo(float).tiny)
    steps = np.clip((values[at + 1 :] - seen.best) / width - allowed, -MOST, MOST)
    walked = np.r_[0.0, np.cumsum(steps)]
    return float(walked[-1] - walked.min())


def _width(values: Floats, at: int, level: float) -> float:
    """Standard deviation of single points: of those since the lowest, or of the later half, drawn to the first guess where these are few."""
    since = values[at:] if len(values) - at > LEAST else values[-max(5, len(values) - len(values) // 2) :]
    bends = np.diff(since, n=2)
    own = MAD_TO_SD * np.median(np.abs(bends)) / np.sqrt(6) if bends.size else 0.0
    guessed = GUESS_COUNTS * (FIRST_GUESS * level) ** 2
    return float(np.sqrt((guessed + bends.size * own**2) / (GUESS_COUNTS + bends.size)))
