"""Weights that are to be trained never got a gradient.

What it means
    The optimizer holds them and they ask for a gradient, but none ever arrives: the way back is cut by a detach, a no_grad, a round trip through numpy, or the
    network's output does not depend on them.

Why it matters
    They stay as they were initialized. The rest of the network learns on top of random features, and looks as if its steps were too short or its task too hard.

Criterion
    The gradient norm of a weight matrix was unknown in each of LEAST_SAMPLES sampled steps or more, while others had one. A warning where such matrices hold MUCH of the weights or more;
    information where less: a pooling layer that a task does not use is no harm.

Source
    PyTorch leaves ``grad`` at None for what the loss does not depend on; DistributedDataParallel stops at it unless told to look for unused parameters.

Known limits
    Needs the layer table. Frozen weights, which ask for no gradient, and those that no optimizer holds are not in it.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import prod

import numpy as np

from collector.schema import GRAD_NORM
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.layers import layers, unmeasured

LEAST_SAMPLES = 3  # sampled steps
MUCH = 0.1  # of the weights

CONNECT = Remedy(
    "Look for a detach(), a no_grad() or a .data between these layers and the loss, or for an output that is not used.",
    "gradient",
    "no setting trains what no gradient reaches",
    value="connect",
)


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for all of them."""
    grads = layers(run, "grad_norm")
    if grads is None or len(grads.steps) < LEAST_SAMPLES:
        return
    reached = np.asarray(np.isfinite(grads.values).any(axis=0))
    if reached.all() or not reached.any():
        return
    without = [name for name, known in zip(grads.names, reached, strict=True) if not known]
    share = _share(run, without, grads.names)
    some = without[0] if len(without) == 1 else f"{without[0]} and {len(without) - 1} more of {len(grads.names)}"
    yield Finding(
        "untrained_layers",
        "warning" if share >= MUCH else "info",
        f"{some} never got a gradient, though the optimizer holds {'it' if len(without) == 1 else 'them'}: {share:.0%} of the weights stay as they began.",
        (Evidence(GRAD_NORM, *grads.span(run[GRAD_NORM]), "weights without a gradient, as a share", share, MUCH),),
        (CONNECT,),
    )


def _share(run: Run, some: list[str], names: tuple[str, ...]) -> float:
    """Of the weights; of the matrices, where their shapes are not known."""
    if not set(names) <= set(run.shapes):
        return len(some) / len(names)
    sizes = {name: prod(run.shapes[name].sizes) for name in names}
    return sum(sizes[name] for name in some) / sum(sizes.values())


def _cut(layer: int | None) -> Run:
    """Four equal layers, one of which has no gradient."""
    run = synthetic.layered(synthetic.healthy(), [1.0] * 4)
    assert run.layers is not None
    names = run.layers["layer"].unique()
    lost = run.layers["layer"] == (names[layer] if layer is not None else "")
    return replace(run, layers=run.layers.assign(grad_norm=run.layers["grad_norm"].mask(lost)))


RULE = Rule(
    "untrained_layers",
    "Layers without a gradient",
    check,
    needs={GRAD_NORM: LEAST_SAMPLES},
    cannot=unmeasured,
    fires={"the first layer is cut off": lambda: _cut(0), "one in the middle is not used": lambda: _cut(2)},
    silent={"a healthy run": synthetic.healthy, "every layer has one": lambda: _cut(None)},
)
