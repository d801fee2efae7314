"""Whether a loss has levelled off: what going on is forecast to bring, beside what is worth it."""

from dataclasses import dataclass

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.forecast import Forecast, forecast
from diagnostics.stats.level import SCALE, end, start

WORTH = 0.06  # of the loss at the end, for twice the steps: three times the steps then bring a tenth
FLOOR = 0.05  # of the fall: where less of it is left, what the loss is a share of
WIDE = (
    1.5  # validation over training loss: what training still gains is learned by heart, and validation seldom follows
)
CLEAR = 2.0  # standard deviations of a gain that is there
BEGUN = 0.2  # of the fall: a loss that still brings as much with a doubling of the steps has only begun to come down
LEAST_EVALS = 8  # evaluations for a forecast with an error; fewer and training decides
GIVEN_UP, MISSED = (
    0.2,
    5.0,
)  # of the run, and times the usual distance of two: so long without one, evaluating was given up, and training decides


@dataclass(frozen=True)
class Falling:
    """Where the loss is going at the end of a run.

    Attributes:
        curve: the finite points judged: validation, or training where there are too few evaluations, or none any more.
        now: what twice the steps should bring.
        fall: start − end, in a log of epochs, which first meets validation when much is learned, from the higher start of the two losses; a sum is none.
        worth: the gain below which going on is not worth it, in the unit of the loss; where validation stands WIDE above training, a gain that
            is not CLEAR is none.
    """

    curve: Curve
    now: Forecast
    fall: float
    worth: float

    @property
    def levelled(self) -> bool:
        """Whether going on should bring less than is worth it."""
        return self.fall <= 0 or (self.now.gain < self.worth and not self._begun)

    @property
    def surely(self) -> bool:
        """The same beyond doubt: even two standard deviations more would not be worth it."""
        return self.fall <= 0 or (self.now.gain + CLEAR * self.now.error < self.worth and not self._begun)

    @property
    def _begun(self) -> bool:
        """Whether the loss has only begun to fall: as it comes down, a doubling of the steps soon brings a small part of the fall."""
        return self.now.gain > max(BEGUN * self.fall, self.now.error)


@once
def falling(run: Run) -> Falling:
    """Judge the end of ``run``."""
    val = run.get(VAL_LOSS)
    tag = TRAIN_LOSS if val is None or len(val.finite()) < LEAST_EVALS or _given_up(run) else VAL_LOSS
    curve = run[tag].finite()
    first = max(start(curve), start(run[TRAIN_LOSS])) if run.per_epoch(TRAIN_LOSS) else start(curve)
    fall = (first if first <= SCALE * start(curve) else start(curve)) - end(curve)
    now, worth = forecast(run, tag), WORTH * max(abs(end(curve)), FLOOR * fall)
    apart = tag == VAL_LOSS and end(curve) > WIDE * end(run[TRAIN_LOSS]) > 0
    return Falling(curve, now, fall, max(worth, CLEAR * now.error) if apart else worth)


def _given_up(run: Run) -> bool:
    steps, last = run[VAL_LOSS].finite().steps, int(run[TRAIN_LOSS].finite().steps[-1])
    usual = float(np.median(np.diff(steps)))
    return bool(last - steps[-1] > max(GIVEN_UP * (last - steps[0]), MISSED * usual))
