"""The run was stopped and taken up again from a checkpoint, perhaps with some steps done twice.

What it means
    A later attempt took over. What the first one did after its last checkpoint was thrown away and done again. A loss that comes back higher
    than it was left did not get everything back: weights, optimizer state, schedule, data order.

Why it matters
    Optimizers keep averages of the gradients; without them the first steps after a resume are blind. Curves of a resumed run are not quite
    comparable with those of a run in one piece.

Criterion
    The log says at which steps an attempt took over. A warning where the training loss just after a resume, averaged over up to
    WINDOW points, is above that just before by more than CLEAR standard errors and HIGHER of the fall until then.

Source
    BigScience, "ml-engineering", training loss patterns: "resume-related spikes". WINDOW, CLEAR, HIGHER: our own choice.

Known limits
    Only logs that keep attempts apart say so: run folders of ours do, most tables do not.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from collector.schema import TRAIN_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.level import start

WINDOW = 20  # points each side
LEAST = 5  # points each side, for a spread
CLEAR = 5.0  # standard errors of the difference
HIGHER = 0.1  # of the fall until the resume


def check(run: Run) -> Iterator[Finding]:
    """Fires once for each resume."""
    loss = run[TRAIN_LOSS]
    for step in (s for s in run.resumed_at if len(loss)):
        jump = _jump(loss.finite(), step)
        message = f"The run was resumed at step {step:,}{_rewound(run, step)}."
        if jump:
            message += f" The training loss came back at {jump.measured:.3g}, from {jump.threshold:.3g} before."
        evidence = jump or Evidence(TRAIN_LOSS, *_span(loss, step), "resumed at step", step, step, "step")
        yield Finding("resumed_run", "warning" if jump else "info", message, (evidence,), _remedies() if jump else ())


def _rewound(run: Run, step: int) -> str:
    """How many steps were done twice, as the superseded points tell."""
    last = max((int(c.steps[-1]) for c in run.superseded.values() if len(c) and c.steps[-1] >= step), default=None)
    if last is None:
        return ""
    following = [s for s in run.resumed_at if s > step]
    again = min([last, *(s - 1 for s in following)]) - step + 1
    return f" and did {again:,} {'step' if again == 1 else 'steps'} again" if again > 0 else ""


def _jump(loss: Curve, step: int) -> Evidence | None:
    before, after = loss.values[loss.steps < step][-WINDOW:], loss.where(loss.steps >= step)
    now = after.values[:WINDOW]
    if min(before.size, now.size) < LEAST:
        return None
    error = float(np.sqrt(before.var(ddof=1) / before.size + now.var(ddof=1) / now.size))
    rise = float(now.mean() - before.mean())
    if rise <= max(CLEAR * error, HIGHER * (start(loss) - float(before.mean()))):
        return None
    span = int(after.steps[0]), int(after.steps[:WINDOW][-1])
    return Evidence(
        TRAIN_LOSS, *span, "mean loss after the resume, and before", float(now.mean()), float(before.mean())
    )


def _span(loss: Curve, step: int) -> tuple[int, int]:
    at = int(loss.steps[min(int(np.searchsorted(loss.steps, step)), len(loss) - 1)])
    return at, at


def _remedies() -> tuple[Remedy, ...]:
    return (
        Remedy(
            "Save and load the optimizer's, the scheduler's and the sampler's state with the weights.",
            "checkpoint",
            "the loss came back higher than it was left, so something was lost on the way",
            value="optimizer",
        ),
    )


def _resumed(jump: float, at: int = 600) -> Run:
    """A run taken up again at ``at``, with 50 steps done twice and a loss ``jump`` higher that decays within 100 steps."""
    values = synthetic.noisy(synthetic.falling())
    values[at - 1 :] += jump * np.exp(-np.arange(len(values) - at + 1) / 50)
    lost = Curve(TRAIN_LOSS, np.arange(at, at + 50), values[at : at + 50])
    return replace(synthetic.make(values), resumed_at=(at,), superseded={TRAIN_LOSS: lost})


RULE = Rule(
    "resumed_run",
    "Resumed run",
    check,
    needs={TRAIN_LOSS: 0},
    fires={"a clean resume": lambda: _resumed(0.0), "the loss comes back higher": lambda: _resumed(1.0)},
    silent={
        "a healthy run": synthetic.healthy,
        "a jump without a resume": lambda: replace(_resumed(1.0), resumed_at=(), superseded={}),
    },
)
