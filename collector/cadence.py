"""Which optimizer steps are measured: the first few, then every so many, fewer when measuring costs too much."""

from collections import deque
from statistics import median

FIRST = 10  # steps, each measured: the beginning is where initialization and warm-up faults show
WARM_UP = 3  # measured steps not judged: they pay for allocation and lazy imports
BUDGET = 0.01  # of the training time may go into measuring
SLOWEST = 16  # times the cadence that was asked for: fewer samples than that would say too little
REMEMBERED = 9  # durations whose median is judged: one validation between two steps must not count


class Cadence:
    """Decides by step count, and learns from durations in seconds."""

    def __init__(self, every: int) -> None:
        self.every = max(1, int(every))
        self._limit = self.every * SLOWEST
        self._measured = 0
        self._costs: deque[float] = deque(maxlen=REMEMBERED)
        self._steps: deque[float] = deque(maxlen=REMEMBERED)

    def due(self, count: int) -> bool:
        """Whether the ``count``-th optimizer step (from 1) of this process is measured."""
        return count <= FIRST or count % self.every == 0

    def passed(self, duration: float) -> None:
        """A step took ``duration`` s without the measuring."""
        self._steps.append(duration)

    def cost(self, duration: float) -> None:
        """Measuring one step took ``duration`` s; beyond the budget the cadence doubles, up to a bound."""
        self._measured += 1
        if self._measured <= WARM_UP:
            return
        self._costs.append(duration)
        share = median(self._costs) / self.every
        if self._steps and share > BUDGET * median(self._steps) and self.every < self._limit:
            self.every *= 2
