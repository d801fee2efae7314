"""The size of the weights that a network began with, by the measure of the field's initializations: deviation times √fan-in.

He's rule has √2 (ReLU), Glorot's about 1, PyTorch's linear layers 0.58, whatever the width: that is what makes it comparable.
"""

import re
from dataclasses import dataclass

import numpy as np

from collector.schema import NO_MODULE, TRAIN_LOSS, UPDATE_RATIO, Shape
from diagnostics.curve import Floats
from diagnostics.once import once
from diagnostics.run import Run
from diagnostics.stats.layers import layers
from diagnostics.stats.level import end, start
from diagnostics.stats.plateau import reached

# modules of torch whose weights [out, …] each output sums over its inputs; an embedding is looked up, a transposed convolution is laid out otherwise
SUMS = re.compile(r"^(NonDynamicallyQuantizable)?Linear$|^Conv\dd$|^(RNN|GRU|LSTM)(Cell)?$|^MultiheadAttention$")
# not weight_g and weight_v of a normalized weight
WEIGHT = re.compile(r"(^|\.)(\w+_proj_)?weight(_(ih|hh|hr)(_l\d+(_reverse)?)?)?$")
ADAPTER = re.compile(
    r"(^|\.)lora_", re.IGNORECASE
)  # its rank is small on purpose, and says nothing of the network it sits on
GATES = {"GRU": 3, "LSTM": 4, "MultiheadAttention": 3}  # matrices that torch keeps in one
SMALL = 0.25  # of a deviation times √fan-in: half of the least that a rule of the field gives
# of the start, and of the weights, all updates added up: SIRENs come there by 0.05 to 0.17, none of the lab's networks does (tests/benchmarks/test_bounds.py)
LEFT, HARDLY = 0.2, 0.25
NORMALIZES = re.compile(r"norm", re.IGNORECASE)  # torch's class, or what a class of one's own is called in the model


@dataclass(frozen=True)
class Gain:
    """Of the weight matrices at the first sampled step.

    Attributes:
        values: float64 [k]; 0 for weights that are all zero, as some heads and adapters begin on purpose.
    """

    values: Floats

    @property
    def typical(self) -> float:
        """The geometric mean of those that are not zero; 0 where all are."""
        some = self.values[self.values > 0]
        return float(np.exp(np.mean(np.log(some)))) if some.size else 0.0


def gain(run: Run) -> Gain | None:
    """None where no layer was measured, or no shape recorded, or the size says nothing."""
    return None if amplified(run) else _first_sizes(run)


@once
def amplified(run: Run) -> bool:
    """Whether weights too small to pass a signal on were hardly moved by the time most was learned: a factor in the model, as in the sines of a SIREN, makes up for their size.

    Neither that nor the length of an update, beside such weights, is the usual measure then.
    """
    size, losses, ratios = _first_sizes(run), run.get(TRAIN_LOSS), run.get(UPDATE_RATIO)
    if size is None or size.typical >= SMALL or normalized(run) or losses is None or ratios is None:
        return False
    loss, moves = losses.finite(), ratios.finite()
    if not len(loss) or not len(moves) or end(loss) > (level := LEFT * start(loss)):
        return False
    until = moves.where(moves.steps <= reached(loss, level))
    apart = np.diff(np.r_[until.steps, reached(loss, level)])  # steps that a measurement stands for
    return float(np.sum(until.values * apart)) < HARDLY


@once
def _first_sizes(run: Run) -> Gain | None:
    """None where no layer was measured, or no shape recorded.

    A norm over √outputs is the deviation times √fan-in, as there are outputs × fan-in weights.
    """
    norms = layers(run, "weight_norm")
    if norms is None or not len(norms.steps):
        return None
    outputs = np.array([_outputs(name, run.shapes.get(name)) for name in norms.names])
    first = np.isfinite(norms.values).argmax(axis=0)  # a large model is measured in turns
    found = norms.values[first, np.arange(len(norms.names))] / np.sqrt(outputs)
    found = found[np.isfinite(found)]
    return Gain(found) if found.any() or found.size > 1 else None  # a single layer may begin at zero


def _outputs(name: str, shape: Shape | None) -> float:
    sums = shape is not None and len(shape.sizes) > 1 and SUMS.match(shape.module) and WEIGHT.search(name)
    return shape.sizes[0] if shape is not None and sums else np.nan


def widest(run: Run) -> float | None:
    """The most outputs that a weight matrix before the last has; what the last one takes, where that is what the first gives: a residual stream. None with fewer than two."""
    known = [shape for name, shape in run.shapes.items() if np.isfinite(_outputs(name, shape))]
    if len(known) < 2 or any(ADAPTER.search(name) for name in run.shapes):
        return None
    wide = [shape.sizes[0] // GATES.get(shape.module.removesuffix("Cell"), 1) for shape in known[:-1]]
    return float(wide[0] if wide[0] == np.prod(known[-1].sizes[1:]) else max(wide))


def looked_up(run: Run) -> bool:
    """Whether all weights of known shape are embeddings, as of words: nothing is summed over inputs."""
    matrices = [shape.module for shape in run.shapes.values() if len(shape.sizes) > 1]
    return bool(matrices) and all(module.startswith("Embedding") for module in matrices)


def fan_in(run: Run) -> float | None:
    """The most inputs that an output of a weight matrix sums over; None where no shape is known."""
    known = [np.prod(shape.sizes[1:]) for name, shape in run.shapes.items() if np.isfinite(_outputs(name, shape))]
    return float(max(known)) if known else None


def normalized(run: Run) -> bool:
    """Whether a normalization takes the size out of what its layer is given, and with it that of the weights before."""
    return any(
        NORMALIZES.search(name if shape.module == NO_MODULE else shape.module) for name, shape in run.shapes.items()
    )
