"""How much of the loss is the wandering of the weights around where they were on average lately. Computes with torch, as ``measure`` does.

At a constant rate the noise of the batches keeps the weights from settling: they wander about a place where the loss is lower. In a bowl (a quadratic L, however steep it is in each
direction) with its bottom at w̄ the height above it is half of ⟨∇L(w), w − w̄⟩; at rest its mean is what the length of the steps and the noise of the batches make it
(Yaida, "Fluctuation-dissipation relations for stochastic gradient descent", ICLR 2019). The bottom is not known; the average of the weights over the last steps stands for
it, as where decayed runs end (Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018). While the loss still falls, the average lies
behind, and the product is below zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from collector.trail import Trail, joined
from collector.values import Later, as_number

# The average is that of polynomial decay (Shamir and Zhang, "Stochastic Gradient Descent for Non-smooth Optimization", ICML 2013): however long a run is, its
# weight is a tenth of the run old in the mean, as under an even average of the last fifth.
DECAY = 8


@dataclass(frozen=True)
class Average:
    """The average of the weights that a ``Trail`` follows.

    Attributes:
        places: of the parameters, as the trail has them.
        mean: one value a weight, in float32.
        began, at: steps made at the first trail, and at the last.
    """

    places: Sequence[tuple[int, int, int]]
    mean: torch.Tensor
    began: int
    at: int


def average(trail: Trail, made: int, before: Average | None) -> tuple[Average, torch.Tensor | None]:
    """``before`` with the weights of ``trail``, after ``made`` steps, and the way from ``before`` to these; begun anew, and none, where others are followed by now."""
    now = joined(trail.weights, torch.float32)
    if before is None or made <= before.at or before.places != trail.places:
        return Average(trail.places, now, made, made), None
    if before.mean.shape != now.shape or before.mean.device != now.device:
        return Average(trail.places, now, made, made), None
    passed = (made - before.at) * (DECAY + 1)
    away = now - before.mean
    mean = before.mean + away * (passed / (made - before.began + passed))
    mean = torch.where(torch.isfinite(mean), mean, now)  # weights that were lost once do not spoil it for good
    return Average(trail.places, mean, before.began, made), away


def excess(
    trail: Trail, away: torch.Tensor, slopes: Sequence[torch.Tensor | None], scale: Any = None
) -> float | Later | None:
    """Half of the slope of the loss along the way ``away`` from the average to the weights of ``trail``, in the loss' own unit.

    Args:
        trail: the weights.
        away: one value a weight.
        slopes: the gradient there; a parameter without one adds nothing.
        scale: what the gradient is to be divided by: GradScaler leaves that to a fused optimizer.

    None where no parameter has a gradient.
    """
    pairs = list(zip(slopes, trail.weights, strict=True))
    fit = all(slope is None or (slope.shape, slope.device) == (was.shape, was.device) for slope, was in pairs)
    if not fit or all(slope is None for slope in slopes):
        return None
    with torch.no_grad():
        whole = joined([torch.zeros_like(was) if slope is None else slope for slope, was in pairs])
        found = (whole * away).sum() * (trail.each / 2)
        return as_number(found if scale is None else found / scale.to(found.device))
