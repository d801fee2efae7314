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

    def of_other_batches(self, step: float, total: float) -> bool:
        """Whether ``[step/total]`` on a line of any kind counts other batches than the first pass under its heading did."""
        if self._under != self.headings or not self.headings:
            self._total, self._under = total, self.headings
        return self.headings > 0 and total != self._total

    def evaluates(self, step: float, total: float) -> bool:
        """Whether the bar at ``step`` of ``total`` is ``Model.evaluate``'s."""
        under = self._under
        if step <= self._step / 2 or total != self._total or under != self.headings:
            self._evaluates = 0 < self.headings == under
            under = self.headings
        self._step, self._total, self._under = step, total, under
        return self._evaluates
