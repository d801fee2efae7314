"""The gradient norm grew far beyond what it was, at once, over the run, or from layer to layer.

What it means
    Many factors larger than one are multiplied on the way back: through time in a recurrent network, through layers in a deep one. At
    a cliff of the loss the next step then goes anywhere.

Why it matters
    One such step can undo the run. Clipping the norm costs one line and bounds the step.

Criterion
    A gradient norm above BURST times the largest of the NEIGHBOURS points before it, after the first EARLY of the run; or a
    median over the last tenth of the run that is GROWTH times that of the first tenth while the training loss no longer falls by CLEAR standard errors. Or, by
    layer, a median norm of the first weight matrix that is GROWTH times that of the last, shrinking steadily along the network. A warning where the training
    loss right after a burst is not finite or stands RISE of the fall until then above the level before; information otherwise.

Source
    Pascanu et al., "On the difficulty of training recurrent neural networks", 2013. BURST: runmedic takes 10 times the median; held
    against the largest, 34 sound AlgoPerf runs with gradient norms stay under 17. GROWTH: the lab's sound runs stay under 12, AutoTrainer takes 70.

Known limits
    A norm logged after clipping never passes the clip. A norm sampled every tenth step misses most bursts of one step.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import GRAD_NORM, TRAIN_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.layers import grows_along, layers
from diagnostics.stats.level import start
from diagnostics.stats.never_cleared import CLEARED
from diagnostics.stats.trend import trend

BURST = 20.0  # times the largest of the points before: a sound one reaches 16
NEIGHBOURS = 20  # points
EARLY = 0.05  # of the run: the first gradients are large
GROWTH = 100.0  # times: see Source
STEADY = -0.8  # rank correlation with the place in the network
RISE = 0.25  # of the fall until then, as in loss_spike
CLEAR = 3.0  # standard errors of a fall: one chance in 700 when nothing falls
AFTER = 5  # training losses after the burst
LEAST = 25  # points: the neighbours, and a few to judge
LEAST_LAYERS, LEAST_SAMPLES = 3, 3  # as in vanishing_gradient
CLIP = 2.0  # times the usual gradient norm: leaves ordinary steps alone


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the first of the three ways that holds."""
    norm = run[GRAD_NORM].finite()
    found = _burst(run, norm) or _grown(run, norm) or _by_layer(run)
    if found:
        yield found


def _burst(run: Run, norm: Curve) -> Finding | None:
    if len(norm) < LEAST:
        return None
    bound = _largest_before(norm.values)
    late = norm.steps[NEIGHBOURS:] >= norm.steps[0] + EARLY * (norm.steps[-1] - norm.steps[0])
    times = np.where(late & (bound > 0), norm.values[NEIGHBOURS:] / bound, 0.0)
    at = int(np.argmax(times))
    if times[at] <= BURST:
        return None
    step, usual = int(norm.steps[NEIGHBOURS + at]), float(np.median(norm.values[at : at + NEIGHBOURS]))
    harm = _harm(run, step)
    evidence = Evidence(
        GRAD_NORM, step, step, f"norm over the largest of the {NEIGHBOURS} before", float(times[at]), BURST
    )
    said = f"The gradient norm jumped to {norm.values[NEIGHBOURS + at]:.3g} at step {step:,}, from {usual:.2g}{harm}."
    clip = _clip(usual, f"ordinary steps have a norm of {usual:.2g}, so only bursts are cut")
    return Finding("exploding_gradient", "warning" if harm else "info", said, (evidence,), (clip,))


def _largest_before(values: Floats) -> Floats:
    """The largest of the ``NEIGHBOURS`` values before each, from the first that has so many."""
    largest = values[: len(values) - NEIGHBOURS]
    for back in range(1, NEIGHBOURS):
        largest = np.maximum(largest, values[back : len(values) - NEIGHBOURS + back])
    return largest


def _harm(run: Run, step: int) -> str:
    """What the training loss did after the burst; empty when nothing."""
    loss = run.get(TRAIN_LOSS)
    if loss is None:
        return ""
    after, before = loss.values[loss.steps >= step][: AFTER + 1], loss.values[loss.steps < step][-NEIGHBOURS:]
    if not np.isfinite(after).all():
        return ", and the training loss is not finite after it"
    if not after.size or not np.isfinite(before).any():
        return ""
    level = float(np.nanmedian(before))
    up = float(np.median(after)) - level
    rose = up > max(RISE * abs(start(loss) - level), 0.0)
    return f", and the training loss rose from {level:.3g} to {level + up:.3g}" if rose else ""


def _grown(run: Run, norm: Curve) -> Finding | None:
    loss = run.get(TRAIN_LOSS)
    tenth = max(3, len(norm) // 10)
    if len(norm) < LEAST or loss is None or len(loss.finite()) < LEAST:
        return None
    first, last = float(np.median(norm.values[:tenth])), float(np.median(norm.values[-tenth:]))
    if not last > GROWTH * first > 0:
        return None
    now = trend(loss)
    if now.gain < 0 and now.clarity > CLEAR:
        return None
    span = int(norm.steps[0]), int(norm.steps[-1])
    evidence = Evidence(GRAD_NORM, *span, "norm at the end over that at the start", last / first, GROWTH)
    said = (
        f"The gradient norm grew from {first:.2g} to {last:.2g} over the run while the training loss stopped falling."
    )
    clip = _clip(first, f"the norm was {first:.2g} at first; it holds the rest down, whatever made it grow")
    return Finding("exploding_gradient", "warning", said, (evidence,), (CLEARED, clip))


def _by_layer(run: Run) -> Finding | None:
    grads = layers(run, "grad_norm")
    if grads is None or len(grads.names) < LEAST_LAYERS or len(grads.steps) < LEAST_SAMPLES:
        return None
    usual: Floats = grads.typical[grads.typical > 0]
    if len(usual) < LEAST_LAYERS or usual[0] <= GROWTH * usual[-1] or grows_along(usual) > STEADY:
        return None
    span = grads.span(run[GRAD_NORM])
    evidence = Evidence(
        GRAD_NORM, *span, "norm of the first layer over that of the last", float(usual[0] / usual[-1]), GROWTH
    )
    said = f"From the last layer to the first the gradient grows {usual[0] / usual[-1]:.3g} times."
    scale = float(f"{(usual[-1] / usual[0]) ** (1 / (len(usual) - 1)):.1g}")
    because = f"each layer then passes the gradient on at its size, where now it grows {1 / scale:.2g} times"
    smaller = Remedy(f"Multiply the initial weights by {scale:g}.", "init_scale", because, factor=scale)
    return Finding("exploding_gradient", "info", said, (evidence,), (smaller,))


def _clip(usual: float, because: str) -> Remedy:
    limit = float(f"{CLIP * usual:.2g}")
    return Remedy(f"Clip the gradient norm at {limit:g}.", "max_grad_norm", because, value=limit)


def _bursting(times: float, *, harm: float = 0.0, at: int = 600) -> Run:
    loss, norm = synthetic.noisy(synthetic.falling(last=0.2), 0.02), synthetic.noisy(np.ones(synthetic.STEPS), 0.2)
    norm[at] *= times
    loss[at + 1 : at + 40] += harm
    return synthetic.with_curves(synthetic.make(loss), Curve(GRAD_NORM, np.arange(1, len(loss) + 1), norm))


def _growing(times: float) -> Run:
    run = synthetic.make(synthetic.noisy(synthetic.falling(last=1.0, pace=30)))
    return synthetic.with_curves(run, Curve(GRAD_NORM, np.arange(1, 1001), np.geomspace(1, times, 1000)))


RULE = Rule(
    "exploding_gradient",
    "Exploding gradient",
    check,
    needs={GRAD_NORM: LEAST_SAMPLES},
    explains=("loss_spike",),
    fires={
        "a burst that throws the loss": lambda: _bursting(200.0, harm=1.0),
        "a burst without harm": lambda: _bursting(200.0),
        "growth over the run": lambda: _growing(1e4),
        "growth through the layers": lambda: synthetic.layered(synthetic.healthy(), 4.0 ** np.arange(8)[::-1]),
    },
    silent={
        "five times the usual": lambda: _bursting(5.0),
        "slow growth": lambda: _growing(20.0),
        "large at first": lambda: _bursting(200.0, at=10),
        "layers that differ by ten": lambda: synthetic.layered(synthetic.healthy(), [10.0, 5.0, 2.0, 1.0]),
    },
)
