"""The gradient shrinks from layer to layer on its way back and hardly reaches the first ones.

What it means
    Each layer passes on only a part of the gradient: saturated sigmoids, weights that start too small, or many layers without a shortcut. The
    last layers learn, the first ones stay as they were initialized.

Why it matters
    The depth is paid for and not used. Adam hides it by dividing the size out, but what reaches the first layers is then mostly rounding and noise.

Criterion
    Over the sampled steps, the median gradient norm of a weight matrix in the first half of the network is under FAR of the last matrix', and the
    norms grow along the layers with a rank correlation of at least STEADY. Exact zeros are dead_units' matter. A warning where the
    update ratio of that layer is under STILL of the last one's as well; information where the optimizer makes up for it.

Source
    Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010; FAR: AutoTrainer's bound, first over last layer under
    1e-3. Sound networks of the lab stay above 0.03. Remedies: He et al., 2015 (initialization, residual connections).

Known limits
    Needs the layer table. The order of the layers is that in which the model lists its parameters. A first layer that is meant to
    learn slowly, under a learning rate of its own, keeps its gradient and is not found here.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import GRAD_NORM
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.layers import Layers, grows_along, layers, unmeasured

FAR = 1e-3  # of the last layer's gradient: see Source
STEADY = 0.8  # rank correlation with the place in the network
STILL = 1e-2  # of the last layer's update ratio
LEAST_LAYERS = 3  # weight matrices, for a first, a last and a way between
LEAST_SAMPLES = 3  # sampled steps


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    grads = layers(run, "grad_norm")
    if grads is None or len(grads.names) < LEAST_LAYERS or len(grads.steps) < LEAST_SAMPLES:
        return
    alive = np.flatnonzero(grads.typical > 0)
    usual = grads.typical[alive]
    early = usual[: len(usual) // 2]
    if early.size == 0 or early.min() >= FAR * usual[-1] or grows_along(usual) < STEADY:
        return
    first, last = int(alive[np.argmin(early)]), int(alive[-1])
    share = float(early.min() / usual[-1])
    moves = _moves(run, first, last)
    yield Finding(
        "vanishing_gradient",
        "warning" if moves < STILL else "info",
        f"The gradient of {grads.names[first]} is {share:.1g} of that of {grads.names[last]}, and so are its updates."
        if moves < STILL
        else f"The gradient of {grads.names[first]} is {share:.1g} of that of {grads.names[last]}; the optimizer makes up for its size.",
        (_evidence(run, grads, first, last, share),),
        _remedies(len(alive)),
    )


def _moves(run: Run, first: int, last: int) -> float:
    """Update ratio of layer ``first`` over that of ``last``."""
    ratios = layers(run, "update_ratio")
    if ratios is None or not ratios.typical[last] > 0:
        return 0.0
    return float(np.nan_to_num(ratios.typical[first] / ratios.typical[last]))


def _evidence(run: Run, grads: Layers, first: int, last: int, share: float) -> Evidence:
    said = f"gradient norm of {grads.names[first]} over that of {grads.names[last]}"
    return Evidence(GRAD_NORM, *grads.span(run[GRAD_NORM]), said, share, FAR)


def _remedies(depth: int) -> tuple[Remedy, ...]:
    return (
        Remedy(
            "Use ReLU or GELU in place of sigmoid and tanh, with He's initialization.",
            "activation",
            "a sigmoid passes on at most a quarter of the gradient, and a saturated one nothing",
            value="relu",
        ),
        Remedy(
            "Put a normalization layer after each linear or convolution layer.",
            "normalization",
            "it keeps the signal, and so the gradient, at one size",
            value="batch_norm",
        ),
        Remedy(
            "Add a shortcut around every two layers.",
            "residual",
            f"the gradient then has a way past the {depth} layers",
            value=True,
        ),
    )


def _decaying(rate: float, ratios: np.ndarray | None = None, depth: int = 8) -> Run:
    """Layers whose gradient is ``rate`` times that of the next."""
    return synthetic.layered(synthetic.healthy(), rate ** np.arange(depth)[::-1], update_ratio=ratios)


RULE = Rule(
    "vanishing_gradient",
    "Vanishing gradient",
    check,
    needs={GRAD_NORM: LEAST_SAMPLES},
    cannot=unmeasured,
    explains=("update_ratio", "predicts_uniformly"),
    fires={
        "a tenth from layer to layer, under SGD": lambda: _decaying(0.1, 1e-3 * 0.1 ** np.arange(8.0)[::-1]),
        "a fifth from layer to layer, under Adam": lambda: _decaying(0.2),
    },
    silent={
        "two thirds from layer to layer": lambda: _decaying(0.67),
        "a dead layer": lambda: synthetic.layered(synthetic.healthy(), [0.0, 0.0, 1.0, 1.0]),
        "an embedding with few symbols in a batch": lambda: synthetic.layered(
            synthetic.healthy(), [0.03, 0.6, 0.3, 1.0]
        ),
    },
)
