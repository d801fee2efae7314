"""Training and validation are both still improving at the end: the run stopped, or is being looked at, too soon.

What it means
    Nothing is wrong but the length. The slope at the end says that more steps of the same kind would bring more.

Why it matters
    Stopping here leaves accuracy on the table, and the checkpoint is there to go on from.

Criterion
    The run goes on; or its learning rate is not spent, and as many steps again are forecast to take WORTH or more of the loss at the end off validation (off
    training, where there are under LEAST_EVALS evaluations; where less than FLOOR of the fall is left, of that), or BEGUN of the whole fall, which is then to come; by CLEAR
    standard deviations, where validation stands WIDE times above training, for then what training gains is learned by heart. The forecast is the mean over falls
    like powers and exponentials of the summed learning rate, to whatever floor, each weighted by how well it fits the last TAIL of the run. A run that ended before NEARLY of the steps or
    epochs in its settings must be CLEAR standard deviations short of WORTH to be called done; one that has not seen its data once, or whose schedule had
    only begun to come down, is not done.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "train and val accuracy both still rising → keep training". Losses fall about like a power of
    the steps to a floor (Hestness et al., 2017; Hoffmann et al., 2022). WORTH: a tenth off the loss for three times the steps.

Known limits
    Every loss falls a little for ever; the bound on what is worth it is ours. A schedule that is spent must be restarted, not continued.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.decay import spent
from diagnostics.stats.forecast import FACTOR, TAIL
from diagnostics.stats.level import end
from diagnostics.stats.levelled import BEGUN, CLEAR, FLOOR, LEAST_EVALS, WIDE, WORTH, Falling, falling  # noqa: F401  (Criterion)
from diagnostics.stats.plan import NEARLY, cut_short, done, early, first_pass


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    seen = falling(run)
    stopped = None if spent(run) else _stopped(run)
    enough = spent(run) or (stopped is None and _levelled(run, seen))
    if enough and run.state != RUNNING:
        return
    remedies = () if enough else (_more(run, seen, stopped),)
    yield Finding("keep_training", "info", _message(run, seen, stopped), _evidence(seen), remedies)


def _stopped(run: Run) -> str | None:
    """Why it was too soon to stop, whatever the loss looks like."""
    if first_pass(run):
        return "the network has not seen all of its data once"
    return (
        "the learning rate had only begun to come down, and its decay brings a gain of its own"
        if cut_short(run)
        else None
    )


def _levelled(run: Run, seen: Falling) -> bool:
    """Beyond doubt where the run ended before its plan."""
    planned = done(run)
    return seen.surely if planned is not None and planned < NEARLY else seen.levelled


def _more(run: Run, seen: Falling, stopped: str | None) -> Remedy:
    made, planned = _made(seen), done(run) if run.state == RUNNING else None
    last = end(seen.curve)
    off = last - seen.now.goes_to(last)
    gain = f"{max(off / last, 0.0):.0%}" if last > 0 else f"{max(off, 0.0):.3g}"
    gain += " or more" if seen.now.goes_further(last) else ""
    because = stopped or f"as the last {TAIL:.0%} of the run went, twice the steps should lower the loss by {gain}"
    left = 0 if planned is None or planned <= 0 else int(float(f"{made * (1 / planned - 1):.3g}"))
    if planned is not None and left > 1:
        action = f"Go on as planned, for {left:,} steps more."
        return Remedy(action, "steps", because, factor=float(f"{1 / planned:.3g}"), from_step=seen.now.last_step)
    action = f"Train {_round(made):,} steps more, from the last checkpoint."
    return Remedy(action, "steps", because, factor=FACTOR, from_step=seen.now.last_step)


def _made(seen: Falling) -> int:
    """Steps so far; the first point stands for those before it as well."""
    steps = seen.curve.steps
    return int(seen.now.last_step - steps[0]) + (int(np.median(np.diff(steps))) if len(steps) > 1 else 1)


def _share(seen: Falling) -> float:
    scale = max(abs(end(seen.curve)), FLOOR * seen.fall)
    last = end(seen.curve)
    return max(0.0, (last - seen.now.goes_to(last)) / scale) if scale else 0.0


def _message(run: Run, seen: Falling, stopped: str | None) -> str:
    what, now, last = "Validation" if seen.curve.tag == VAL_LOSS else "Training", seen.now, end(seen.curve)
    planned = done(run) if run.state == RUNNING else None
    so_far = "" if planned is None or planned >= 1 else f", after {planned:.0%} of the plan"
    if not seen.levelled:
        said = f"{what} loss is still falling at step {now.last_step:,}{so_far}"
        far = f"to below {now.goes_to(last):.2g}" if now.goes_further(last) else f"to about {now.goes_to(last):.3g}"
        return f"{said}: twice the steps should bring it from {last:.3g} {far}."
    if stopped and run.state != RUNNING:
        return f"{what} loss is {last:.3g} at step {now.last_step:,}; {stopped}."
    if not seen.surely:
        return f"{what} loss, {last:.3g} at step {now.last_step:,}{so_far}, may still be falling, as far as its noise lets one see."
    if early(run):
        return f"{what} loss rests near {last:.3g} for now{so_far}."
    return f"{what} loss has levelled off near {last:.3g}{so_far}: more steps of the same kind will bring little."


def _evidence(seen: Falling) -> tuple[Evidence, ...]:
    now, said = seen.now, "forecast gain of twice the steps, as a share of the loss, or of a twentieth of the fall"
    return (Evidence(seen.curve.tag, now.first_step, now.last_step, said, _share(seen), WORTH),)


def _round(steps: float) -> int:
    """``steps`` to two figures: the forecast is no better than that."""
    return int(float(f"{steps:.2g}"))


def _slow(pace: float, last: float = 0.1, lr: float = 0.1) -> Run:
    val = synthetic.noisy(synthetic.falling(2.3, last + 0.05, pace=pace), 0.02, seed=1)
    return synthetic.make(synthetic.noisy(synthetic.falling(2.3, last, pace=pace)), val, lr=lr)


RULE = Rule(
    "keep_training",
    "Keep training",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    fires={
        "half way down": lambda: _slow(1.0),
        "nearly there": lambda: _slow(3.0),
        "has only begun to fall": lambda: _slow(0.5, last=1.9),
        "levelled off, but going on": lambda: replace(_slow(12.0), state=RUNNING),
    },
    silent={"a healthy run": synthetic.healthy, "levelled off": lambda: _slow(12.0)},
)
