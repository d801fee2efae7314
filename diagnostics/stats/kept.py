"""Whether validation shows that the network still knows what it knew, whatever became of its training loss: a term or a task that is added lifts that."""

import numpy as np

from collector.schema import VAL_ACCURACY, VAL_LOSS
from diagnostics.run import Run
from diagnostics.stats.accuracy import since
from diagnostics.stats.level import end
from diagnostics.stats.noise import noise
from diagnostics.stats.plateau import running_median

LEAST_EVALS = 8  # evaluations: a level then and one now, and a jitter
CLEAR = 2.0  # standard deviations of the jitter
LEARNED, LOUD = 0.1, 5.0  # fraction right, above the lowest, and times the jitter: no chance


def kept(run: Run, step: int) -> bool:
    """Whether validation accuracy has not fallen since ``step``, or validation loss not risen above its best until then."""
    accuracy = since(run, step)
    if accuracy is not None and not accuracy.fell:
        return True
    val = run.get(VAL_LOSS)
    if val is None or len(val.finite()) < LEAST_EVALS:
        return False
    smooth = running_median(val.finite(), 3)
    best = float(smooth.values[: max(1, int(np.searchsorted(smooth.steps, step)))].min())
    return end(val) <= best + CLEAR * noise(smooth.values)


def knows(run: Run, step: int) -> bool:
    """Whether validation accuracy is far above its lowest, and has not fallen since ``step``."""
    accuracy = since(run, step)
    if accuracy is None or accuracy.fell:
        return False
    lowest = float(run[VAL_ACCURACY].finite().values.min())
    return accuracy.now > lowest + max(LEARNED, LOUD * accuracy.jitter)
