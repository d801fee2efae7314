"""Which optimizer steps are measured: the first few, then every so many, fewer when measuring costs too much."""

from collections import deque
from statistics import median

HOST, DEVICE = "host", "device"  # whose time: they work side by side, and either may hold up the training
DEFAULT = 10  # steps
FIRST = 10  # steps, each measured: the beginning is where initialization and warm-up faults show
WARM_UP = 3  # measured steps not judged: they pay for allocation and lazy imports
BUDGET = 0.003  # of the training time, for measuring: of the 1 % for all, a step of 10 ms needs the rest for counting and logging
BETWEEN = 0.001  # of it, for where the weights go between measured steps: cheaper, so it is seen more often
# s of measuring a doubling of the steps that nobody notices: networks whose steps take microseconds are seen by it, too, the end of a run as well as its beginning
FREE = 0.005
SLOWEST = 64  # times the default cadence: fewer samples than that would say too little
REMEMBERED = 9  # durations whose median is judged: one validation between two steps must not count
DENSE = 2_000  # samples after which the cadence halves, and again at each doubling of the steps: a million steps of a
# 150-layer model make about a million rows of the layer table, not fifteen million


class Cadence:
    """Decides by step count, and learns from durations in seconds.

    Args:
        every: measure every so many steps, whatever it costs; 0 measures never, None every tenth and fewer when measuring
            costs more than its budget or the run becomes very long.
        first: so many steps at the beginning are measured as well.
        budget: share of the training time; by default BUDGET.
    """

    def __init__(self, every: int | None, first: int = FIRST, budget: float | None = None) -> None:
        self._first, self._budget = first, BUDGET if budget is None else budget
        self.every = DEFAULT if every is None else max(0, int(every))
        self._adapts = every is None
        self._limit = DEFAULT * SLOWEST
        self._measured, self._count = 0, 0  # steps
        self._costs: dict[str, deque[float]] = {where: deque(maxlen=REMEMBERED) for where in (HOST, DEVICE)}
        self._steps: deque[float] = deque(maxlen=REMEMBERED)

    def due(self, count: int) -> bool:
        """Whether the ``count``-th optimizer step (from 1) of this process is measured."""
        self._count = count
        if self.every and count % self.every == 0:
            if self._adapts and count > DENSE * self.every:
                self.every *= 2
            return True
        return count <= self._first and bool(self.every)

    def passed(self, duration: float) -> None:
        """A step took ``duration`` s without the measuring."""
        self._steps.append(duration)

    def cost(self, duration: float, where: str = HOST) -> None:
        """Measuring one step took ``duration`` s; beyond the budget, and beyond what is free, the cadence doubles, up to a bound."""
        self._measured += where == HOST
        if self._measured <= WARM_UP or not self._adapts:
            return
        self._costs[where].append(duration)
        a_step = median(self._costs[where]) / self.every
        dear = self._steps and a_step > self._budget * median(self._steps)
        if dear and a_step * self._count > FREE and self.every < self._limit:
            self.every *= 2
