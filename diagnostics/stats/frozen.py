"""Whether the weights themselves are trained, or nothing but biases and the scales of normalizations."""

import numpy as np

from diagnostics.report import Remedy
from diagnostics.run import Run
from diagnostics.stats.layers import layers

THAW = Remedy(
    "Train the weights too: model.requires_grad_(True), and model.parameters() in the optimizer.",
    "requires_grad",
    "without them a network can learn little more than how frequent the answers are",
    value=True,
)


def frozen(run: Run) -> str:
    """The sentence that says so, with a space before it; "" where a weight matrix was updated, or no layers were recorded."""
    seen = layers(run, "update_norm")
    if seen is None or run.layers is None or not run.shapes or np.isfinite(seen.values).any():
        return ""
    trained = [str(name) for name in run.layers["layer"].unique()]
    others = f" and {len(trained) - 1} more like it" if len(trained) > 1 else ""
    return f" Nothing but {trained[0]}{others} was ever updated: no weight matrix is trained."
