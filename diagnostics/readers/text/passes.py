"""Keras' progress bars: a second pass under the same heading of an epoch is an evaluation."""

from dataclasses import dataclass


@dataclass
class Passes:
    """What was seen of the bars so far; ``headings``: of epochs."""

    headings: int = 0
    _step: float = -1.0
    _total: float = -1.0
    _under: int = -1  # headings when the pass began
    _evaluates: bool = False

    def evaluates(self, step: float, total: float) -> bool:
        """Whether the bar at ``step`` of ``total`` is ``Model.evaluate``'s."""
        under = self._under
        if step <= self._step / 2 or total != self._total or under != self.headings:
            self._evaluates = 0 < self.headings == under
            under = self.headings
        self._step, self._total, self._under = step, total, under
        return self._evaluates
