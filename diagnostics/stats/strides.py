"""How far single updates carry the weights, beside the weights' own size."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from collector.schema import LR, UPDATE_RATIO
from diagnostics.curve import Curve, Floats, Ints
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.decay import LOW
from diagnostics.stats.gain import fan_in
from diagnostics.stats.level import by_part
from diagnostics.stats.rates import optimizer

USUAL = 1e-3  # update ratio: the course's
LEAST = 5  # measurements
TENTHS = 10  # parts: a stretch of the run, and no single outlier
GENTLE = 2 * USUAL  # updates that never are longer throw no weights about, however wide the layers
# of what a layer puts out: no update changed it by more. One batch's update is of low rank and lies along the inputs, so it counts √fan-in times as much
# there as among the weights, whose own sum over the inputs is a random walk (Yang et al., 2022, "Tensor Programs V"). Rates too high in the lab: 0.2 and more.
NUDGE = 0.18
# Times Adam's and momentum's: how long the updates of sound runs are where they are longest. Half of what the lab shows of optimizers of which it has few.
STRETCH = {"sgd": 2.0, "nadam": 2.0, "rmsprop": 3.0, "adamax": 4.0, "adagrad": 8.0}
RISES = 1.001  # times the rate a tenth ago
LONGER = 1.5  # times the steps half way through: a linear warmup has 2, and that until half as long again after it


@dataclass(frozen=True)
class Strides:
    """Update ratios (‖ΔW‖ / ‖W‖), those at less than a third of the peak rate left out.

    Attributes:
        longest: the largest of all, and ``at``, the step it was measured at.
        fullest: median of the tenth of them in which they are longest.
        typical: median of all.
        first_step, last_step: of the first and the last of these measurements.
    """

    longest: float
    at: int
    fullest: float
    typical: float
    first_step: int
    last_step: int


@once
def strides(run: Run) -> Strides | None:
    """Measure them; None with fewer than ``LEAST`` measurements."""
    logged = run.get(UPDATE_RATIO)
    seen = logged.finite() if logged is not None else None
    if seen is None or len(seen) < LEAST:
        return None
    full = _at_full_rate(run, seen)
    if len(full) < LEAST:
        return None
    top = int(np.argmax(full.values))
    return Strides(
        longest=float(full.values[top]),
        at=int(full.steps[top]),
        fullest=float(by_part(np.median, full.values, max(1, min(TENTHS, len(full) // LEAST))).max()),
        typical=float(np.median(full.values)),
        first_step=int(full.steps[0]),
        last_step=int(full.steps[-1]),
    )


@once
def sustained(run: Run) -> float:
    """The largest median of ``LEAST`` measurements in a row, those at less than a third of the peak rate left out; 0 with fewer."""
    seen = strides(run)
    if seen is None:
        return 0.0
    values = _at_full_rate(run, run[UPDATE_RATIO].finite()).values
    return float(np.median(sliding_window_view(values, LEAST), axis=-1).max())


def _at_full_rate(run: Run, ratios: Curve) -> Curve:
    """Warmup and decay make every step short; they say nothing of the rate itself."""
    rate = share_of_peak(run, ratios.steps)
    return ratios if rate is None else ratios.where(rate >= LOW)


def share_of_peak(run: Run, steps: Ints) -> Floats | None:
    """The learning rate at ``steps`` as a share of its highest; None where none was logged."""
    lr = run.get(LR)
    known = lr.finite() if lr is not None else None
    if known is None or not len(known) or known.values.max() <= 0:
        return None
    return np.asarray(np.nan_to_num(known.at(steps), nan=float(known.values[0])) / known.values.max())


def stretch(run: Run) -> float:
    """How much longer than usual the updates of a sound run are with its optimizer; 1 where that is unknown."""
    return STRETCH.get(optimizer(run), 1.0)


def warming(run: Run) -> bool:
    """Whether the rate is still coming up, by what was logged of it, or else by the updates themselves."""
    lr = run.get(LR)
    seen = lr if lr is not None and len(lr.finite()) else run.get(UPDATE_RATIO)
    values = seen.finite().values if seen is not None else np.empty(0)
    if len(values) < LEAST:
        return False
    if seen is lr and values[-1] > RISES * values[-1 - len(values) // TENTHS]:
        return True
    middle = values[len(values) // 2 - LEAST // 2 :][:LEAST]
    return bool(np.median(values[-LEAST:]) > LONGER * np.median(middle))


def unmoved(run: Run) -> bool:
    """Whether no update moved a weight, as often as they were measured."""
    seen = strides(run)
    return seen is not None and seen.longest == 0


def gentle(run: Run) -> bool:
    """Whether no update ever was long, as far as they were measured."""
    seen, inputs = strides(run), fan_in(run)
    return seen is not None and (
        seen.longest < GENTLE or (inputs is not None and seen.longest * np.sqrt(inputs) < NUDGE)
    )
