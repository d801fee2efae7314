"""How long a run was meant to be, and whether it ended before."""

import numpy as np

from collector.schema import LR, RUNNING, TRAIN_LOSS
from diagnostics.run import Run

# What the settings are usually called; Hugging Face's max_steps, which wins over its epochs, is −1 where it does not count.
STEPS = (
    "max_steps",
    "total_steps",
    "num_training_steps",
    "train_steps",
    "max_iters",
    "max_train_steps",
    "num_train_steps",
    "train_iters",
    "num_iterations",
    "total_iters",
)
EPOCHS = (
    "max_epochs",
    "num_train_epochs",
    "num_epochs",
    "n_epochs",
    "epochs",
    "max_train_epochs",
    "total_epochs",
    "num_training_epochs",
)
STEPS_OR_OTHER = ("steps",)  # or those of one pass, as in Keras, of a sampler or of a rollout: no more than a hint
NEARLY = 0.9  # of the plan: a last step may not have been logged
FAR = 0.4  # of the plan: chosen by eye on the lab's runs; asked as at the end, the rules that ask how long the way still is were wrong more often sooner
BEYOND = 1.02  # times the plan: a run that went further was not counted in its unit
HIGH = 0.5  # of the peak: a schedule that is not yet half way down
EVENLY = 0.95  # times the fall before: a line has 1, a cosine more at first, what falls ever more slowly has no end to come to
LEAST = 8  # logged rates


def done(run: Run) -> float | None:
    """The share of the planned steps or epochs that was trained; None where no plan was written down."""
    if (epochs := planned_epochs(run)) is not None:
        passes = passes_begun(run)
        return None if passes is None else passes / epochs
    steps = planned_steps(run)
    return None if steps is None else (run.last_step + 1) / steps


def early(run: Run) -> bool:
    """Whether the run goes on, and is not known to be ``FAR`` on its way: what shows so far may be how any run begins."""
    if run.state != RUNNING:
        return False
    share = _shown(run)
    return share is None or not FAR <= share <= BEYOND


def _shown(run: Run) -> float | None:
    """The share of the plan from the first to the last row of this log: a run may have been resumed, and a pass be counted whole while it is under way."""
    if (epochs := planned_epochs(run)) is not None:
        seen = run.epochs.finite().values if run.epochs is not None else np.empty(0)
        return float(seen[-1] - seen[0]) / epochs if seen.size else None
    steps, loss = planned_steps(run) or _first(run, STEPS_OR_OTHER), run.get(TRAIN_LOSS)
    return None if steps is None or loss is None or not len(loss) else (run.last_step - int(loss.steps[0])) / steps


def planned_steps(run: Run) -> float | None:
    """How many optimizer steps the settings plan; None where they do not say."""
    return _first(run, STEPS)


def planned_epochs(run: Run) -> float | None:
    """How many passes over the data they plan; None where they do not say, or plan steps, which win."""
    return None if planned_steps(run) is not None else _first(run, EPOCHS)


def _first(run: Run, names: tuple[str, ...]) -> float | None:
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
