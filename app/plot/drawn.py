"""Which runs are drawn over each other, and what is asked of their chart."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.plot.quantities import SPLITS
from diagnostics import view
from diagnostics.axis import Axis
from diagnostics.run import Run


@dataclass(frozen=True)
class Drawn:
    """A run as it is drawn: ``mark`` is a number of the palette; ``usual``: it counts for how high the chart is."""

    key: str
    run: Run
    mark: int
    usual: bool = True


@dataclass(frozen=True)
class Look:
    """What is asked of the chart. ``window``: steps of the moving average, None: what suits each curve."""

    x: Axis = "step"
    log_x: bool = False
    log_y: bool = False
    window: int | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # keys of the runs that become one band

    def window_of(self, run: Run, tag: str) -> int:
        """Steps that the curve ``tag`` of ``run`` is averaged over; validation never is."""
        if not tag.startswith(SPLITS[0]):
            return 0
        return view.window_for(run[tag]) if self.window is None else self.window

    def log_of(self, wanted: str) -> bool:
        """Whether the heights of the quantity ``wanted`` are logarithmic; accuracies never are."""
        return self.log_y and wanted != "accuracy"
