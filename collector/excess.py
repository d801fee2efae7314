"""How much of the loss is the wandering of the weights around where they were on average lately. Computes with torch, as ``measure`` does.

At a constant rate the noise of the batches keeps the weights from settling: they wander about a place where the loss is lower. In a bowl L around its bottom w̄ the
height above it is half of ⟨∇L(w), w − w̄⟩, whatever the bowl's shape; at rest its mean is what the length of the steps and the noise of the batches make it
(Yaida, "Fluctuation-dissipation relations for stochastic gradient descent", ICLR 2019). The bottom is not known; the average of the weights over the last steps stands for
it, as where decayed runs end (Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018). While the loss still falls, the average lies
behind, and the product is below zero.
"""

from dataclasses import dataclass
from typing import Any

import torch

from collector.trail import Trail, gradient, joined, params, thin
from collector.values import Later, as_number

# The average is that of polynomial decay (Shamir and Zhang, "Stochastic Gradient Descent for Non-smooth Optimization", ICML 2013): however long a run is, its
# weight is a tenth of the run old in the mean, as under an even average of the last fifth.
DECAY = 8


@dataclass(frozen=True)
class Average:
    """The average of the weights that a ``Trail`` follows.

    Attributes:
        trail: the last that went into it.
        mean: one value a weight, in float32.
        began, at: steps made at the first trail, and at the last.
    """

    trail: Trail
    mean: torch.Tensor
    began: int
    at: int


def average(trail: Trail, made: int, before: Average | None) -> tuple[Average, torch.Tensor | None]:
    """``before`` with the weights of ``trail``, after ``made`` steps, and how far from it these are; begun anew, and nothing, where others are followed by now."""
    now = joined(trail.weights, torch.float32)
    if before is None or made <= before.at or before.trail.places != trail.places:
        return Average(trail, now, made, made), None
    if before.mean.shape != now.shape or before.mean.device != now.device:
        return Average(trail, now, made, made), None
    passed = (made - before.at) * (DECAY + 1)
    mean = torch.lerp(before.mean, now, passed / (made - before.began + passed))
    mean = torch.where(torch.isfinite(mean), mean, now)  # weights that were lost once do not spoil it for good
    return Average(trail, mean, before.began, made), now - mean


def excess(trail: Trail, away: torch.Tensor, optimizer: Any) -> float | Later | None:
    """Half of the slope of the loss along the way ``away`` from the average to the weights of ``trail``, by the gradient there is, in the loss' own unit.

    None where no parameter has a gradient, and where that of one is spread in parts or has no places.
    """
    slopes, known = [], False
    with torch.no_grad():
        for param, at, was in zip(params(trail, optimizer), trail.starts, trail.weights, strict=True):
            slope = None if param is None else gradient(param)
            if param is None or (slope is None and param.grad is not None):
                return None
            known = known or slope is not None
            slopes.append(torch.zeros_like(was) if slope is None else thin(slope, at, trail.stride))
            if slopes[-1].shape != was.shape or slopes[-1].device != was.device:
                return None
        if not known:
            return None
        found = (joined(slopes) * away).sum() * (trail.each / 2)
        scale = getattr(optimizer, "grad_scale", None)  # GradScaler leaves the unscaling to a fused optimizer
        return as_number(found if scale is None else found / scale.to(found.device))
