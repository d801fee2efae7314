"""Whether the gradient still points along the last updates. Computes with torch, as ``measure`` does.

Of the loss L and a way ΔW that was gone, ⟨∇L, ΔW⟩ at its end is the slope of the loss along that way (of a single step: Baydin et al., "Online Learning Rate
Adaptation with Hypergradient Descent", ICLR 2018). Where it is negative again and again, the way still leads down, where it is positive, it led too far.
"""

import torch

from collector.trail import Slopes, Trail
from collector.values import Later, as_number


def alignment(trail: Trail, now: torch.Tensor, slopes: Slopes) -> float | Later | None:
    """The cosine between the way from ``trail`` to ``now``, where its weights are, and minus the gradient there, ``slopes``; NaN where one of them is zero.

    None where fewer than half of the followed weights have a gradient whose parts are all here.
    """
    with torch.no_grad():
        back = trail.weights - now
        if not all(slopes.known):
            each = list(zip(trail.sizes, slopes.known, strict=True))
            if 2 * sum(size for size, known in each if known) < len(back):
                return None
            back = back * torch.cat([back.new_full((size,), float(known)) for size, known in each])
        back = back.to(slopes.values.dtype)
        lengths = torch.linalg.vector_norm(slopes.values) * torch.linalg.vector_norm(back)
        return as_number(torch.dot(slopes.values, back) / lengths)
