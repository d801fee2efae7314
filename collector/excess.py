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

from collector.trail import Slopes, Trail
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
    now = trail.weights.float()
    if before is None or made <= before.at or not _same(before, trail, now):
        return Average(trail.places, _where_finite(now), made, made), None
    passed = (made - before.at) * (DECAY + 1)
    away = now - before.mean
    share = passed / (made - before.began + passed)
    mean = torch.add(before.mean, _where_finite(away), alpha=share)
    return Average(trail.places, mean, before.began, made), away


def excess(trail: Trail, away: torch.Tensor, slopes: Slopes, scale: Any = None) -> float | Later:
    """Half of the slope of the loss along the way ``away`` from the average to the weights of ``trail``, in the loss' own unit.

    Args:
        trail: the weights.
        away: one value a weight.
        slopes: the gradient there; a parameter without one adds nothing.
        scale: what the gradient is to be divided by: GradScaler leaves that to a fused optimizer.
    """
    with torch.no_grad():
        found = torch.dot(slopes.values, away.to(slopes.values.dtype)) * (trail.each / 2)
        return as_number(found if scale is None else found / scale.to(found.device))


def _same(before: Average, trail: Trail, now: torch.Tensor) -> bool:
    return (before.places, before.mean.shape, before.mean.device) == (trail.places, now.shape, now.device)


def _where_finite(values: torch.Tensor) -> torch.Tensor:
    """0 elsewhere: weights that are lost once do not spoil the average for good."""
    return torch.nan_to_num(values, posinf=0.0, neginf=0.0)
