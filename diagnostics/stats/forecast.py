"""What a loss would gain if the run went on: the shapes that a fall can have, each trusted as far as it fits the end of the curve."""

from collections.abc import Callable
from functools import partial

import numpy as np

from collector.schema import LR, TRAIN_LOSS
from diagnostics.curve import Floats
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.change import Change
from diagnostics.stats.level import by_part

TAIL = 0.6  # of the run: its beginning falls in other ways
GROUPS, LEAST = 12, 4  # means the shapes are fitted to, so that the noise is that between stretches; fewer fit anything
FACTOR = 2.0  # times the steps
KEPT = 4.0  # times as low, at most
SOON = 1e-3  # of the run: what the rate had not yet carried further is its beginning
POWERS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)  # of losses that come down like a power of the steps, to a floor
TIMES = (
    0.15,
    0.2,
    0.27,
    0.37,
    0.5,
    0.67,
    0.9,
    1.2,
    1.7,
    2.5,
)  # of the run, of those that come down exponentially to a floor

Shape = Callable[[Floats], Floats]
SHAPES: tuple[Shape, ...] = (
    lambda done: -np.log(done),  # a power so small that no floor is in sight
    *(partial(lambda power, done: done**-power, power) for power in POWERS),
    *(partial(lambda time, done: np.exp(-done / time), time) for time in TIMES),
)


class Forecast(Change):
    """What as many steps again should take off a loss.

    The ``gain`` is negative when it rises; the ``error`` is that of the noise and of not knowing the shape.
    """

    def goes_to(self, level: float) -> float:
        """Where a loss now at ``level`` will stand; a positive one keeps at least a quarter: a steeper fall does not last."""
        return max(level - self.gain, level / KEPT) if level > 0 else level - self.gain

    def goes_further(self, level: float) -> bool:
        """Whether that bound holds it, and how low it goes is not said."""
        return level > 0 and level - self.gain < level / KEPT


@once
def forecast(run: Run, tag: str) -> Forecast:
    """Extrapolate the end of ``tag`` to twice the steps at the learning rate it ended with.

    A single shape guesses: the straight line over the logarithm of the step has no floor and promised twice what came, on 1,700
    prefixes of runs whose continuation is known. The mean over all, weighted by likelihood, is right on average. 0 ± inf for too
    few points.
    """
    curve = run[tag].finite()
    first, last = min(int(curve.steps[0]), int(run[TRAIN_LOSS].steps[0])), int(curve.steps[-1])
    late = curve.where(curve.steps >= last - TAIL * (last - first))
    groups = min(GROUPS, len(late))
    if groups < LEAST:
        return Forecast(0.0, np.inf, int(late.steps[0]), last)
    place, goal = _distance(run, by_part(np.mean, late.steps, groups), first, last)
    if not np.isfinite(place).all() or place[0] == place[-1]:
        return Forecast(0.0, np.inf, int(late.steps[0]), last)
    gain, error = _mean(place, by_part(np.median, late.values, groups), goal)
    return Forecast(gain, error, int(late.steps[0]), last)


def _distance(run: Run, steps: Floats, first: int, last: int) -> tuple[Floats, float]:
    """How far into the run each of ``steps`` is (1 at its end), and where twice the steps would be: by the sum of the learning rate, where it was logged."""
    whole = float(last - first + 1)
    lr = run.get(LR)
    rate = lr.finite() if lr is not None else None
    if rate is None or len(rate) < 2 or rate.values.max() <= 0:
        return (steps - first + 1) / whole, FACTOR
    at = np.concatenate([[min(first, int(rate.steps[0])) - 1], rate.steps])
    sums = np.concatenate([[0.0], np.cumsum(np.diff(at) * rate.values)])
    done = float(np.interp(last, at, sums))
    if done <= 0:  # the rate was 0 until then, or logged only later
        return (steps - first + 1) / whole, FACTOR
    now = float(np.interp(last, rate.steps, rate.values))
    return np.maximum(np.interp(steps, at, sums) / done, SOON), 1 + (FACTOR - 1) * now * whole / done


def _mean(place: Floats, level: Floats, goal: float) -> tuple[float, float]:
    """The gain from 1 to ``goal`` and its standard deviation, over all shapes."""
    size = float(np.abs(level).max()) or 1.0  # squares of 1e300 overflow; squares of shares do not
    ends = np.array([1.0, goal])
    gains, errors, misfits = np.array([_fit(shape(place), level / size, shape(ends)) for shape in SHAPES]).T
    likely = -(len(level) - 2) / 2 * np.log(misfits + np.finfo(float).tiny)
    weights = np.exp(likely - likely.max())
    weights /= weights.sum()
    gain = float(weights @ gains)
    return size * gain, size * float(np.sqrt(weights @ (errors**2 + (gains - gain) ** 2)))


def _fit(shape: Floats, level: Floats, ends: Floats) -> tuple[float, float, float]:
    """Along the least-squares line of ``level`` over ``shape``: what it falls between ``ends``, the standard error, the sum of squares left."""
    x, y = shape - shape.mean(), level - level.mean()
    spread = float(x @ x)
    if spread <= 0:  # a shape that is over before the tail begins: flat
        return 0.0, 0.0, float(y @ y)
    slope = float(x @ y) / spread
    rest = float(((y - slope * x) ** 2).sum())
    ahead = float(ends[0] - ends[1])
    return slope * ahead, abs(ahead) * float(np.sqrt(rest / (len(level) - 2) / spread)), rest
