"""How long a run was meant to be, and whether it ended before."""

import numpy as np

from collector.schema import LR
from diagnostics.run import Run

# What the settings are usually called; Hugging Face's max_steps, which wins over its epochs, is −1 where it does not count.
STEPS = ("max_steps", "total_steps", "num_training_steps", "train_steps", "max_iters")
EPOCHS = ("max_epochs", "num_train_epochs", "num_epochs", "n_epochs", "epochs")
NEARLY = 0.9  # of the plan: a last step may not have been logged
HIGH = 0.5  # of the peak: a schedule that is not yet half way down
EVENLY = 0.95  # times the fall before: a line has 1, a cosine more at first, what falls ever more slowly has no end to come to
LEAST = 8  # logged rates


def done(run: Run) -> float | None:
    """The share of the planned steps or epochs that was trained; None where no plan was written down."""
    if (steps := _planned(run, STEPS)) is not None:
        return (run.last_step + 1) / steps
    epochs = _planned(run, EPOCHS)
    return None if epochs is None or (passes := passes_begun(run)) is None else passes / epochs


def _planned(run: Run, names: tuple[str, ...]) -> float | None:
    return next((value for name in names if (value := run.setting(name)) and value > 0), None)


def passes_begun(run: Run) -> float | None:
    """How often the run went through its data, the pass it was in counted as a whole where epochs were logged as whole numbers; None where they were not."""
    seen = run.epochs.finite().values if run.epochs is not None else np.empty(0)
    if not seen.size:
        return None
    return float(seen[-1]) + bool((seen == np.round(seen)).all())


def first_pass(run: Run) -> bool:
    """Whether the run ended before it had seen all of its data once."""
    return run.epochs is not None and len(run.epochs.finite()) > 0 and bool(run.epochs.finite().values[-1] < 1)


def cut_short(run: Run) -> bool:
    """Whether the learning rate was on its way down, ever faster or evenly as a cosine or a line, and still high at the end.

    The decay that was to come brings a gain of its own, which no loss at a high rate shows.
    """
    lr = run.get(LR)
    rate = lr.finite() if lr is not None else None
    if rate is None or len(rate) < LEAST or rate.values.max() <= 0:
        return False
    half = np.linspace(0.5, 1, 3) * (rate.steps[-1] - rate.steps[0]) + rate.steps[0]
    begin, middle, last = np.interp(half, rate.steps, rate.values)
    falls = 0 < EVENLY * (begin - middle) < middle - last
    return bool(falls and last > HIGH * rate.values.max())
