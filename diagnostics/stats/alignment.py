"""Whether the gradient pointed on along the way that the weights had gone, again and again: then the steps were too short."""

from dataclasses import dataclass

from collector.schema import UPDATE_ALIGNMENT
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.change import Change

LEAST = 6  # measurements: fewer tell no error
MEAN_COSINE = "mean cosine between ten steps and minus the next gradient"


@dataclass(frozen=True)
class Alignment(Change):
    """The mean cosine between ten steps and minus the gradient at their end, as its ``gain``.

    Attributes:
        count: measurements.
        late: mean of the second half of them.
    """

    count: int
    late: float


@once
def alignment(run: Run, after: float = float("-inf"), until: float = float("inf")) -> Alignment | None:
    """Measure it from step ``after`` on, to ``until``; None with fewer than ``LEAST`` measurements."""
    logged = run.get(UPDATE_ALIGNMENT)
    if logged is None:
        return None
    finite = logged.finite()
    seen = finite.where((finite.steps > after) & (finite.steps <= until))
    count, values = len(seen), seen.values
    if count < LEAST:
        return None
    error, late = float(values.std(ddof=1)) / count**0.5, float(values[count // 2 :].mean())
    return Alignment(float(values.mean()), error, int(seen.steps[0]), int(seen.steps[-1]), count, late)
