"""Whether the training loss is a sum over the batch, where a mean is meant."""

from collector.schema import TRAIN_LOSS
from diagnostics.run import Run
from diagnostics.stats.guess import guess
from diagnostics.stats.level import start

NEAR = 0.3  # relative: the first batch is one batch
BATCH = ("batch_size", "batch", "train_batch_size", "per_device_train_batch_size")  # usual names of the setting


def summed(run: Run) -> float | None:
    """The size of the batch, where the first loss is about as many times that of a guess; else None."""
    blind = guess(run)
    size = next((size for name in BATCH if (size := run.setting(name)) and size > 1), None)
    if blind is None or size is None:
        return None
    return size if abs(start(run[TRAIN_LOSS]) / blind / size - 1) < NEAR else None
