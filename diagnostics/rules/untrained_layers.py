"""Weights that ask for a gradient are not trained: none reaches them, or no optimizer holds them.

What it means
    The way back to them is cut by a detach, a no_grad, a round trip through numpy, or the network's output does not depend on them; or they were not given to the optimizer.

Why it matters
    They stay as they were initialized. The rest of the network learns on top of random features, and looks as if its steps were too short or its task too hard.

Criterion
    The gradient norm of a weight matrix was unknown in each of LEAST_SAMPLES sampled steps or more, while others had one. A warning where such matrices hold MUCH of the weights or more;
    information where less: a pooling layer that a task does not use is no harm. Else information where parameters of the model, MUCH of the weights or more, ask for a gradient and no watched
    optimizer holds them: that may be meant, as where a head alone is trained.

Source
    PyTorch leaves ``grad`` at None for what the loss does not depend on; DistributedDataParallel stops at it unless told to look for unused parameters.

Known limits
    Needs the layer table, and the model for what no optimizer holds. Frozen weights, which ask for no gradient, are not in either.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod

import numpy as np

from collector.schema import GRAD_NORM, Shape
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.layers import Layers, layers, unmeasured

LEAST_SAMPLES = 3  # sampled steps
MUCH = 0.1  # of the weights

CONNECT = Remedy(
    "Look for a detach(), a no_grad() or a .data between these layers and the loss, or for an output that is not used.",
    "gradient",
    "no setting trains what no gradient reaches",
    value="connect",
)

HOLD = Remedy(
    "Give the optimizer model.parameters(), or freeze with requires_grad_(False) what is not to be trained.",
    "optimizer",
    "what it does not hold is never updated, though its gradient is computed at every step",
    value="model.parameters()",
)


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for what no gradient reaches or else for what no optimizer holds."""
    grads = layers(run, "grad_norm")
    if grads is None or len(grads.steps) < LEAST_SAMPLES:
        return
    found = _unreached(run, grads) or _left_out(run, grads)
    if found:
        yield found


def _left_out(run: Run, grads: Layers) -> Finding | None:
    rest, held = _count(run.left_out), _count(run.shapes)
    if rest < MUCH * (rest + held) or rest == 0:
        return None
    share, names = rest / (rest + held), list(run.left_out)
    some = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more parameters"
    said = f"No watched optimizer holds {some}, {share:.0%} of the weights that ask for a gradient: they stay as they began, which is right only where it is meant."
    evidence = Evidence(
        GRAD_NORM, *grads.span(run[GRAD_NORM]), "weights that no optimizer holds, as a share", share, MUCH
    )
    return Finding("untrained_layers", "info", said, (evidence,), (HOLD,))


def _count(shapes: Mapping[str, Shape]) -> int:
    return sum(prod(shape.sizes) for shape in shapes.values())


def _unreached(run: Run, grads: Layers) -> Finding | None:
    reached = np.asarray(np.isfinite(grads.values).any(axis=0))
    if reached.all() or not reached.any():
        return None
    without = [name for name, known in zip(grads.names, reached, strict=True) if not known]
    share = _share(run, without, grads.names)
    some = without[0] if len(without) == 1 else f"{without[0]} and {len(without) - 1} more of {len(grads.names)}"
    return Finding(
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
    return _count({name: run.shapes[name] for name in some}) / _count({name: run.shapes[name] for name in names})


def _cut(layer: int | None) -> Run:
    """Four equal layers, one of which has no gradient."""
    run = synthetic.layered(synthetic.healthy(), [1.0] * 4)
    assert run.layers is not None
    names = run.layers["layer"].unique()
    lost = run.layers["layer"] == (names[layer] if layer is not None else "")
    return replace(run, layers=run.layers.assign(grad_norm=run.layers["grad_norm"].mask(lost)))


def _head_alone(rest: int) -> Run:
    """A layer of a hundred inputs and ten outputs, beside ``rest`` weights that the optimizer does not hold."""
    run = synthetic.layered(synthetic.healthy(), [1.0] * 4)
    return replace(
        run, shapes={"head.weight": Shape("Linear", (10, 100))}, left_out={"body.weight": Shape("Linear", (1, rest))}
    )


RULE = Rule(
    "untrained_layers",
    "Untrained layers",
    check,
    needs={GRAD_NORM: LEAST_SAMPLES},
    cannot=unmeasured,
    fires={
        "the first layer is cut off": lambda: _cut(0),
        "one in the middle is not used": lambda: _cut(2),
        "the body was not given to the optimizer": lambda: _head_alone(1_000),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "every layer has one": lambda: _cut(None),
        "a few weights that no optimizer holds": lambda: _head_alone(100),
    },
)
