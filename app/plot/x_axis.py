"""The x-axis that the reader chose: where a step of the run lies on it, for what is drawn beside the curves."""

from dataclasses import dataclass

import numpy as np

from diagnostics import axis
from diagnostics.axis import Axis
from diagnostics.run import Run

TITLES: dict[Axis, str] = {"step": "step", "epoch": "epoch", "time": "hours since the start"}

HOVERS: dict[Axis, str] = {"step": "step %{x:,.6~f}", "epoch": "epoch %{x:.4~f}", "time": "%{x:.4~f} h"}

TICKS: dict[Axis, str] = {"step": "~s", "epoch": "~g", "time": "~g"}  # 20k steps, but 0.2 epochs
AIR = 0.015  # of the width


@dataclass(frozen=True)
class XAxis:
    """Steps, epochs or hours of ``run``; ``log``: equal distances are equal factors."""

    run: Run
    x: Axis = "step"
    log: bool = False

    def at(self, step: float) -> float:
        """Where ``step`` lies; 0, which a logarithmic axis has not, lies where that begins."""
        place = float(axis.at(self.run, np.asarray([step]), self.x)[0])
        return max(place, axis.first(self.run, self.x)) if self.log else place

    def note(self, step: float) -> float:
        """The same for a text: Plotly wants its place on a logarithmic axis as a power of ten."""
        return float(np.log10(self.at(step))) if self.log else self.at(step)

    def share(self, step: float) -> float:
        """The same as a share (0–1) of the axis' width."""
        first, last, here = self.note(0), self.note(self.run.last_step), self.note(step)
        return (here - first) / (last - first) if last > first else 0.0

    def ends(self) -> list[float]:
        """The whole of the axis as Plotly wants it, with a little air on the right: all charts of a run share it."""
        last = max([self.run.last_step, *(int(c.steps[-1]) for c in self.run.superseded.values() if len(c))])
        low, high = self.note(0), self.note(last)
        return [low, high + AIR * (high - low)] if high > low else [low, low + 1]
