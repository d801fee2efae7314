"""What a run starts a schedule from: its highest rate and its length."""

from collector.schema import LR
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.schedules.schedule import Schedule
from diagnostics.stats.plan import NEARLY, done
from diagnostics.stats.rates import peak

PEAK, STEPS = 0.1, 10_000  # without a run: what SGD with momentum usually starts at, over a round number of steps
WARMUP = 0.05  # of the steps: what most recipes give it


def start(run: Run) -> Schedule:
    """A cosine from the run's highest rate over its whole planned length, warmed up over 5 %."""
    total = length(run) or STEPS
    return Schedule("cosine", peak(run) or PEAK, total, int(WARMUP * total))


def rate(run: Run) -> Curve | None:
    """The run's own learning rate where it is a number; None where it was not logged."""
    lr = run.get(LR)
    return lr.finite() if lr is not None and len(lr.finite()) else None


def length(run: Run) -> int | None:
    """Steps the run was to have, where it wrote down a plan and has not come near its end; else its last step."""
    if not run.last_step:
        return None
    planned = done(run)
    return round(run.last_step / planned) if planned is not None and 0 < planned < NEARLY else run.last_step
