"""The training loss suddenly jumped far above where it was.

What it means
    One step, or a few, threw the weights away from where they were. Where the loss is back at once, it may have been the batch
    alone; where it takes long or never comes back, the weights were thrown and have to find their way again.

Why it matters
    A slow return costs steps, and a spike often comes before a larger one. A batch that causes it is worth a look.

Criterion
    A training loss above the median of the stretch before it (a fiftieth of the run) by more than WIDTHS noise widths, by SHARE of the fall made until
    then, and by BEYOND times the largest step up of the three stretches before, and, unless IN_A_ROW stay as high, by WIDTHS_IN_LOGS of the logarithms. It is back when most of five points are
    within a fifth of that fall. Information where it is back within SLOW of the run, or the run is not yet that much longer; a
    warning otherwise.

Source
    BigScience, "ml-engineering": spikes that recover fast, slowly, not fully. Noise widths: OLMo-core skips steps beyond 6; BEYOND and SHARE keep
    sound runs with small batches silent, measured on AlgoPerf, DeepOBS and real small networks. Clipping: Pascanu et al., 2013.

Known limits
    A log thinned or averaged over many steps has lost most spikes. The first 8 % of a run are not looked at; see missing_warmup. A jump at a
    resume is resumed_run's.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import GRAD_NORM, TRAIN_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.spikes import BEYOND, IN_A_ROW, SHARE, WIDTHS, WIDTHS_IN_LOGS, Spike, spikes  # noqa: F401 (the Criterion names the bounds)

SLOW = 0.05  # of the run
JUST = 3  # points after a resume
SHOWN = 5  # spikes given as evidence, the highest first
CLIP = 2.0  # times the usual gradient norm: leaves ordinary steps alone
FACTOR = 0.5  # on the learning rate: a milder step; measured nowhere


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for all spikes together."""
    loss = run[TRAIN_LOSS].finite()
    found = [s for s in spikes(loss) if not _resumed(run, loss, s)]
    if not found:
        return
    last, span = int(loss.steps[-1]), int(loss.steps[-1] - loss.steps[0])
    lasting = [spike for spike in found if _lasted(spike, last) > SLOW * span]
    worst = max(lasting or found, key=lambda spike: spike.height)
    shown = sorted(found, key=lambda spike: (spike is not worst, -spike.height))[:SHOWN]
    yield Finding(
        "loss_spike",
        "warning" if lasting else "info",
        f"The training loss {_times(len(found))} from {worst.level:.3g} to {worst.level + worst.height:.3g} at step "
        f"{worst.peak:,} and {_after(worst, last, span)}.",
        tuple(_evidence(spike, last) for spike in shown),
        _remedies(run, worst, bool(lasting)),
    )


def _resumed(run: Run, loss: Curve, spike: Spike) -> bool:
    """Whether an attempt took over just before: then it is resumed_run's matter."""
    at = int(np.searchsorted(loss.steps, spike.first))
    before = loss.steps[max(0, at - JUST)]
    return any(before < step <= spike.first for step in run.resumed_at)


def _lasted(spike: Spike, last: int) -> int:
    return (spike.back if spike.back is not None else last) - spike.first


def _times(count: int) -> str:
    return "jumped" if count == 1 else f"jumped {count} times, most of all"


def _after(spike: Spike, last: int, span: int) -> str:
    steps = _lasted(spike, last)
    if spike.back is not None:
        return f"was back {steps:,} {'step' if steps == 1 else 'steps'} later"
    return "has not come back since" if steps > SLOW * span else "has not come back yet"


def _evidence(spike: Spike, last: int) -> Evidence:
    until = spike.back if spike.back is not None else last
    return Evidence(
        TRAIN_LOSS, spike.first, until, "height over the level before", spike.widths, WIDTHS, "noise widths"
    )


def _remedies(run: Run, worst: Spike, lasting: bool) -> tuple[Remedy, ...]:
    norm = run.get(GRAD_NORM)
    before = norm.values[norm.steps < worst.first] if norm is not None else np.empty(0)
    before = before[np.isfinite(before)]
    limit = float(f"{CLIP * np.median(before):.2g}") if before.size else 1.0
    why = (
        f"ordinary steps have a norm of {np.median(before):.2g}"
        if before.size
        else "one bad batch can no longer throw the weights out"
    )
    clip = Remedy(f"Clip the gradient norm at {limit:g}.", "max_grad_norm", why, value=limit)
    look = Remedy(
        f"Look at the batch of step {worst.first:,}.",
        "inspect_step",
        "a spike that heals at once is often bad data" if worst.back is not None else "bad data may have thrown it",
        value=worst.first,
    )
    lower = Remedy(
        "Halve the learning rate.", "lr", "the weights were thrown, not only the batch was odd", factor=FACTOR
    )
    return (clip, lower) if lasting else (clip, look)


def _spiked(height: float, length: int, *, at: int = 500, share: float = 0.05) -> Run:
    """A fall with a jump of ``height`` at ``at`` that dies away within about ``length`` points."""
    values = synthetic.noisy(synthetic.falling(last=0.2), share)
    values[at:] += height * np.exp(-np.arange(len(values) - at) / max(length / 3, 0.1))
    return synthetic.make(values, lr=0.1)


def _heavy_tailed() -> Run:
    rng = np.random.default_rng(0)
    return synthetic.make(synthetic.falling(last=0.2) * rng.lognormal(0, 0.5, synthetic.STEPS))


RULE = Rule(
    "loss_spike",
    "Loss spike",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    fires={
        "back at once": lambda: _spiked(2.0, 4),
        "back after a tenth of the run": lambda: _spiked(2.0, 150),
        "higher than the start": lambda: _spiked(50.0, 30),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "a small one": lambda: _spiked(0.3, 4),
        "large but within the noise": lambda: _spiked(0.8, 4, share=0.5),
        "a heavy tail": _heavy_tailed,
    },
)
