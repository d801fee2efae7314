"""Some layers get a gradient of exactly zero: their units are switched off and do not learn.

What it means
    A ReLU that is negative for every example passes nothing on. Where a whole layer is, everything before it stays as it was initialized, and
    only the last biases learn.

Why it matters
    Dead units do not come back by themselves: no gradient reaches them. The rest of the network works with what they left.

Criterion
    A weight matrix whose gradient norm is exactly 0 at DEAD or more of the sampled steps in the second half of the run, while that of another
    layer is not.

Source
    Lu et al., "Dying ReLU and initialization", 2019; SageMaker Debugger's and torchmortem's dead-ReLU rules look at the activations, which
    are not recorded here. A norm of exactly 0 does not happen otherwise.

Known limits
    Needs the layer table. Single dead units in a layer that lives are not seen. A frozen layer has no gradient, rather than
    one of zero, and is left alone.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import GRAD_NORM
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.layers import layers, unmeasured

DEAD = 0.9  # of the samples: a batch may wake a unit now and then
LEAST_SAMPLES = 4  # sampled steps
FACTOR = 0.1  # on the learning rate: on the DeepOBS grid a tenth revives 87 % of dead networks


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for all dead layers together."""
    grads = layers(run, "grad_norm")
    if grads is None or len(grads.steps) < LEAST_SAMPLES:
        return
    late = grads.values[len(grads.steps) // 2 :]
    share = np.mean(late == 0, axis=0)
    dead = np.flatnonzero(share >= DEAD)
    lives = bool((np.nan_to_num(late) > 0).any())
    if not dead.size or not lives:
        return
    since = _since(grads.values[:, dead], grads.steps)
    first, last = grads.span(run[GRAD_NORM])
    named = f"{grads.names[dead[0]]} has" if dead.size == 1 else f"{grads.names[dead[0]]} and {dead.size - 1} more have"
    yield Finding(
        "dead_units",
        "warning",
        f"{named} had a gradient of exactly 0 since step {max(since, first):,}; {len(grads.names)} layers were measured.",
        (Evidence(GRAD_NORM, max(since, first), last, "share of zero gradients", float(share[dead].max()), DEAD),),
        _remedies(at_once=since <= grads.steps[0]),
    )


def _since(values: np.ndarray, steps: np.ndarray) -> int:
    """First sampled step from which most of the dead layers' gradients are zero for good."""
    alive = np.flatnonzero((values != 0).mean(axis=1) > 1 - DEAD)
    return int(steps[alive[-1] + 1 if alive.size and alive[-1] + 1 < len(steps) else 0])


def _remedies(at_once: bool) -> tuple[Remedy, ...]:
    init = Remedy(
        "Initialize the weights by He's rule and the biases with 0.",
        "init",
        "the layer was dead from the first step",
        value="kaiming_normal",
    )
    lower = Remedy(
        "Start again with a tenth of the learning rate, or a warmup.",
        "lr",
        "a step that was too long switched the units off",
        factor=FACTOR,
    )
    leaky = Remedy(
        "Use a leaky ReLU, GELU or SiLU.",
        "activation",
        "they pass on some gradient on the negative side too",
        value="leaky_relu",
    )
    return (init if at_once else lower, leaky)


def _dying(at: int, count: int = 3) -> Run:
    """Of four layers, the first ``count`` die at sample ``at`` of 50."""
    grads = np.ones((50, 4))
    grads[at:, :count] = 0.0
    return synthetic.layered(synthetic.healthy(), grads)


RULE = Rule(
    "dead_units",
    "Dead units",
    check,
    needs={GRAD_NORM: LEAST_SAMPLES},
    cannot=unmeasured,
    explains=("update_ratio", "predicts_uniformly"),
    fires={"dead from the start": lambda: _dying(0), "one layer dies on the way": lambda: _dying(15, 1)},
    silent={
        "a healthy run": lambda: _dying(50),
        "a layer without gradients is frozen": lambda: synthetic.layered(synthetic.healthy(), [np.nan, 1.0, 1.0]),
        "tiny but not zero": lambda: synthetic.layered(synthetic.healthy(), [1e-12, 1.0, 1.0]),
    },
)
