"""Whether the gradient still points along the last updates. Computes with torch, as ``measure`` does.

Of the loss L and a way ΔW that was gone, ⟨∇L, ΔW⟩ at its end is the slope of the loss along that way (of a single step: Baydin et al., "Online Learning Rate
Adaptation with Hypergradient Descent", ICLR 2018). Where it is negative again and again, the way still leads down, where it is positive, it led too far.
"""

from collections.abc import Sequence
from typing import Any

import torch

from collector.shards import local
from collector.trail import Trail, gradient, joined, params, thin
from collector.values import Later, as_number


def alignment(trail: Trail, optimizer: Any, now: Sequence[torch.Tensor | None] | None = None) -> float | Later | None:
    """The cosine between the way from ``trail`` to ``now`` (where the weights are, if not given) and minus the gradient there is, that at ``now``; NaN where one of them is zero.

    None where fewer than half of the followed weights have a gradient whose parts are all here.
    """
    with torch.no_grad():
        pairs = []
        for i, param in enumerate(params(trail, optimizer)):
            slope = None if param is None else gradient(param)
            if param is None or slope is None:
                continue
            at, was = trail.starts[i], trail.weights[i]
            there = thin(local(param), at, trail.stride) if now is None else now[i]
            slope = thin(slope, at, trail.stride)
            if there is not None and there.shape == slope.shape == was.shape and there.device == slope.device:
                pairs.append((slope, was.float() - there.float() if there.element_size() < 4 else was - there))
        if 2 * sum(len(slope) for slope, _ in pairs) < sum(map(len, trail.weights)) or not pairs:
            return None
        slopes, back = (joined(side) for side in zip(*pairs, strict=True))
        norms = torch.linalg.vector_norm(slopes) * torch.linalg.vector_norm(back)
        return as_number((slopes * back).sum() / norms)
