"""Gradients that add up from step to step, as where nobody clears them."""

import numpy as np

from collector.schema import GRAD_NORM
from diagnostics.report import Evidence, Remedy
from diagnostics.run import Run
from diagnostics.stats.guess import guess
from diagnostics.stats.long_steps import Sign
from diagnostics.stats.noise import noise

LEAST = 12  # gradient norms
# Times the first tenth, and noise of the norm's logarithm from one measurement to the next: a sum of all gradients so far hardly changes by one more. Chosen by eye on ten trainings without
# zero_grad, which have 0.014 to 0.091; no run of the lab is taken for one (tests/benchmarks/test_bounds.py). Regressions on raw targets at small rates grow as far and come to 0.057: hence
# SMOOTH, and SMOOTH_CLASSES where a classification is known.
ADDED_UP, SMOOTH, SMOOTH_CLASSES = 20.0, 0.05, 0.1
FASTER = (
    10.0  # times the number of summands: gradients that grow themselves made it 3.6; what diverges doubles and doubles
)

CLEARED = Remedy(
    "Look whether each step begins with optimizer.zero_grad().",
    "zero_grad",
    "gradients that are never cleared add up, and grow all along the run",
    value=True,
)


def never_cleared(run: Run) -> Sign:
    """The gradient norm grows far, and as smoothly as only a sum does."""
    norm = run[GRAD_NORM].finite() if GRAD_NORM in run else None
    if norm is None or len(norm) < LEAST or norm.values.min() <= 0:
        return None
    tenth = max(3, len(norm) // 10)
    first, last = float(np.median(norm.values[:tenth])), float(np.median(norm.values[-tenth:]))
    smooth = SMOOTH if guess(run) is None else SMOOTH_CLASSES
    summands = norm.steps - norm.steps[0] + 1
    most = FASTER * float(np.median(summands[-tenth:]) / np.median(summands[:tenth]))
    if not ADDED_UP < last / first <= most or noise(np.log(norm.values)) > smooth:
        return None
    said = f"The gradient norm grew from {first:.3g} to {last:.3g}, so smoothly that each gradient is added to all before it: steps grow too long with them."
    evidence = Evidence(
        GRAD_NORM,
        int(norm.steps[0]),
        int(norm.steps[-1]),
        "norm at the end over that at the start",
        last / first,
        ADDED_UP,
    )
    return said, evidence
