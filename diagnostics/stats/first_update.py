"""How long the first update is beside the weights that nobody had touched yet, and how long sound ones are with the same optimizer."""

from collector.schema import TRAIN_LOSS, UPDATE_RATIO
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.rates import optimizer
from diagnostics.stats.strides import LEAST, share_of_peak

AT_ONCE = 0.01  # of the run after the first loss: a measurement that comes later is not one of the first update
# ‖ΔW‖ / ‖W‖ of the first update at the peak rate: medians of the lab's sound runs, half of which lie within about a factor of two and nine in ten within seven.
# Optimizers of signs move every weight by the rate itself, whatever the gradient (RMSprop at first by ten times the rate, as its mean of squares
# begins at 0), so theirs differ as their rates in practice do; momentum has nothing summed up yet, and will make steps ten times as long.
USUAL = {
    "adam": 0.03,
    "adamw": 0.02,
    "nadam": 0.1,
    "adamax": 0.2,
    "rmsprop": 0.1,
    "adagrad": 0.5,
    "lion": 0.03,
    "sgd": 0.04,
    "momentum": 0.005,
    "nesterov": 0.01,
}
BY_GRADIENT = (
    "sgd",
    "momentum",
    "nesterov",
)  # as long as the gradient happens to be; the others' follow from the rate alone


@once
def first_update(run: Run) -> float | None:
    """The first update ratio that was measured, as it would be at the peak rate, beside a sound run's: 1 is usual, 10 ten times as long.

    None where the optimizer is unknown, or no update was measured at once, or fewer than ``strides`` asks for.
    """
    usual, ratios = USUAL.get(optimizer(run)), run.get(UPDATE_RATIO)
    seen = ratios.finite() if ratios is not None else None
    if usual is None or seen is None or len(seen) < LEAST:
        return None
    if TRAIN_LOSS not in run or not len(run[TRAIN_LOSS]):
        return None
    begun = int(run[TRAIN_LOSS].steps[0])
    if seen.steps[0] > begun + AT_ONCE * (run.last_step - begun):
        return None
    share = share_of_peak(run, seen.steps[:1])  # a warmup begins with less
    return float(seen.values[0]) / (float(share[0]) if share is not None and share[0] > 0 else 1.0) / usual


def rate_beside_usual(run: Run) -> float | None:
    """The same as a measure of the rate: None of optimizers whose first update is as long as the gradient happens to be."""
    return None if optimizer(run) in BY_GRADIENT else first_update(run)


def compared(times: float) -> str:
    """A clause that says how long it was."""
    return f"the first update was {float(f'{times:.1g}'):,g} times as long as sound ones are with this optimizer"
