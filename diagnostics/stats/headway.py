"""What a loss gains now, training's and validation's, as if a schedule had left the rate at its peak."""

from dataclasses import dataclass

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.decay import wanes
from diagnostics.stats.full_rate import at_full_rate
from diagnostics.stats.level import end, start
from diagnostics.stats.trend import Trend, trend

LEAST_EVALS = 8  # evaluations for a slope with an error


@dataclass(frozen=True)
class Headway:
    """Where one loss is going.

    Attributes:
        curve: its finite points.
        now: the line through its end, over the sum of the rates where a schedule brought them down.
    """

    curve: Curve
    now: Trend

    @property
    def fall(self) -> float:
        """Between the start and the end, whichever is higher."""
        return abs(start(self.curve) - end(self.curve))

    @property
    def of_fall(self) -> float:
        """What a doubling of the steps brings, as a share of the fall; 0 where there was none."""
        return -self.now.gain / self.fall if self.fall > 0 else 0.0

    @property
    def of_loss(self) -> float:
        """The same as a share of the loss that is left; 0 where none is."""
        return -self.now.gain / abs(end(self.curve)) if end(self.curve) else 0.0

    def surely(self, errors: float) -> float:
        """The gain in the unit of the loss, less ``errors`` standard errors."""
        return -self.now.gain - errors * self.now.error


@once
def headway(run: Run) -> tuple[Headway, ...]:
    """Of training, and of validation that has points enough."""
    val = run.get(VAL_LOSS)
    known = val is not None and len(val.finite()) >= LEAST_EVALS
    curves = [run[TRAIN_LOSS].finite(), *([val.finite()] if val is not None and known else [])]
    return tuple(Headway(curve, trend(at_full_rate(run, curve) if wanes(run) else curve)) for curve in curves)
