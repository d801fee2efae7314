"""Whether the gradient still points along the last updates. Computes with torch, as ``measure`` does.

Of the loss L and a way ΔW that was gone, ⟨∇L, ΔW⟩ at its end is the slope of the loss along that way (of a single step: Baydin et al., "Online Learning Rate
Adaptation with Hypergradient Descent", ICLR 2018). Where it is negative again and again, the way still leads down, where it is positive, it led too far.
"""

from collections.abc import Sequence

import torch

from collector.trail import Trail, joined
from collector.values import Later, as_number


def alignment(
    trail: Trail, now: Sequence[torch.Tensor | None], slopes: Sequence[torch.Tensor | None]
) -> float | Later | None:
    """The cosine between the way from ``trail`` to ``now``, where its weights are, and minus the gradient there, ``slopes``; NaN where one of them is zero.

    None where fewer than half of the followed weights have a gradient whose parts are all here.
    """
    with torch.no_grad():
        pairs = []
        for was, there, slope in zip(trail.weights, now, slopes, strict=True):
            if there is None or slope is None:
                continue
            if there.shape == slope.shape == was.shape and there.device == slope.device:
                pairs.append((slope, was.float() - there.float() if there.element_size() < 4 else was - there))
        if 2 * sum(len(slope) for slope, _ in pairs) < sum(map(len, trail.weights)) or not pairs:
            return None
        downhill, back = (joined(side) for side in zip(*pairs, strict=True))
        norms = torch.linalg.vector_norm(downhill) * torch.linalg.vector_norm(back)
        return as_number((downhill * back).sum() / norms)
