"""Whether the gradient still points along the last updates. Computes with torch, as ``measure`` does.

Of the loss L and a way ΔW that was gone, ⟨∇L, ΔW⟩ at its end is the slope of the loss along that way (of a single step: Baydin et al., "Online Learning Rate
Adaptation with Hypergradient Descent", ICLR 2018). Where it is negative again and again, the way still leads down, where it is positive, it led too far.
"""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import gcd
from typing import Any

import torch

from collector.shards import local, summable
from collector.values import Later, as_number

MOST = (
    1 << 16
)  # weights that are followed: a quarter of a megabyte is nobody's peak, and of independent entries the cosine is off by 1/√65,536 = 0.004
SIZES = (
    2 * 3 * 5 * 7
)  # the factors of usual layer sizes: a stride that shared one would meet the same column, or the same place of a kernel, again and again


@dataclass(frozen=True)
class Trail:
    """Where some of the weights were: every ``stride``-th of all, counted through the parameters.

    The parameters are not held: the model of a training that is over may go.
    """

    params: Sequence[weakref.ref[torch.Tensor]]
    starts: Sequence[int]
    weights: Sequence[torch.Tensor]
    stride: int


def begin(optimizer: Any) -> Trail | None:
    """Where the weights are now, on the device of the first parameter; None where there is none to train."""
    params = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    params = [p for p in params if p.device == params[0].device]
    sizes = [local(p).numel() for p in params]
    if not params:
        return None
    stride = max(1, -(-sum(sizes) // MOST))
    while gcd(stride, SIZES) > 1:
        stride += 1
    starts = [-before % stride for before in accumulate(sizes[:-1], initial=0)]
    weights = [_thin(local(p), at, stride).clone() for p, at in zip(params, starts, strict=True)]
    return Trail([weakref.ref(p) for p in params], starts, weights, stride)


def here(trail: Trail) -> list[torch.Tensor | None]:
    """Where the same weights are now; None for a parameter that is gone."""
    found = [reference() for reference in trail.params]
    both = zip(found, trail.starts, strict=True)
    return [None if p is None else _thin(local(p), at, trail.stride).clone() for p, at in both]


def alignment(trail: Trail, now: Sequence[torch.Tensor | None]) -> float | Later | None:
    """The cosine between the way from ``trail`` to ``now`` and minus the gradient there is, that at ``now``; NaN where one of them is zero.

    None where no parameter has a gradient whose parts are all here.
    """
    pairs = [pair for i, there in enumerate(now) if there is not None and (pair := _pair(trail, i, there))]
    if not pairs:
        return None
    with torch.no_grad():
        gradient, back = (_joined(side) for side in zip(*pairs, strict=True))
        norms = torch.linalg.vector_norm(gradient) * torch.linalg.vector_norm(back)
        return as_number(torch.dot(gradient, back) / norms)


def _pair(trail: Trail, i: int, now: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
    """The gradient of the ``i``-th parameter, and the way back."""
    param, was = trail.params[i](), trail.weights[i]
    grad = None if param is None else param.grad
    if grad is None or grad.is_sparse or not summable(grad):
        return None
    slope = _thin(local(grad), trail.starts[i], trail.stride)
    if not now.shape == slope.shape == was.shape or not now.device == slope.device == was.device:
        return None
    return slope, was.float() - now.float() if now.element_size() < 4 else was - now


def _thin(tensor: torch.Tensor, at: int, stride: int) -> torch.Tensor:
    """Every ``stride``-th element from ``at`` on, in the order of the indices, whatever lies where in memory: never a copy of the whole."""
    tensor = tensor.detach()
    if tensor.is_contiguous():
        thin = tensor.view(-1)[at::stride]
    else:
        thin = torch.take(tensor, torch.arange(at, max(at, tensor.numel()), stride, device=tensor.device))
    return torch.view_as_real(thin).flatten() if thin.is_complex() else thin


def _joined(pieces: Sequence[torch.Tensor]) -> torch.Tensor:
    """One vector in double precision where there is such: squares of small gradients are smaller than float32 goes."""
    kind = torch.float32 if pieces[0].device.type == "mps" else torch.float64
    if len({piece.dtype for piece in pieces}) == 1:
        return torch.cat(list(pieces)).to(kind)
    return torch.cat([piece.to(kind) for piece in pieces])
