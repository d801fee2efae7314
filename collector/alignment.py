"""Whether the gradient still points along the last updates. Computes with torch, as ``measure`` does.

Of the loss L and a way ΔW that was gone, ⟨∇L, ΔW⟩ at its end is the derivative of the loss by the length of that way (Baydin et al., "Online Learning Rate
Adaptation with Hypergradient Descent", ICLR 2018). Where it is negative again and again, longer steps would have gone further down, where it is positive, shorter ones.
"""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from collector.shards import local, summable
from collector.values import Later, as_number

MOST = (
    1 << 16
)  # weights that are followed: the cosine is off by 1/√65,536 = 0.004, and a quarter of a megabyte is nobody's peak


@dataclass(frozen=True)
class Trail:
    """Where some of the weights were: every ``stride``-th of each parameter.

    The parameters are not held: the model of a training that is over may go.
    """

    params: Sequence[weakref.ref[torch.Tensor]]
    weights: Sequence[torch.Tensor]
    stride: int


def begin(optimizer: Any) -> Trail | None:
    """Where the weights are now, on the device of the first parameter; None where there is none to train."""
    params = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    params = [p for p in params if p.device == params[0].device]
    if not params:
        return None
    stride = (
        -(-sum(local(p).numel() for p in params) // MOST) | 1
    )  # odd: sizes are even, and one column would stand for all
    return Trail([weakref.ref(p) for p in params], [_thin(local(p), stride).clone() for p in params], stride)


def alignment(trail: Trail) -> float | Later | None:
    """The cosine between the way since ``trail`` and minus the gradient there is now; NaN where one of them is zero.

    None where no parameter has a gradient whose parts are all here.
    """
    both = (_pair(p(), w, trail.stride) for p, w in zip(trail.params, trail.weights, strict=True))
    pairs = [pair for pair in both if pair is not None]
    if not pairs:
        return None
    with torch.no_grad():
        gradient, back = (_joined(side) for side in zip(*pairs, strict=True))
        norms = torch.linalg.vector_norm(gradient) * torch.linalg.vector_norm(back)
        return as_number(torch.dot(gradient, back) / norms)


def _pair(param: torch.Tensor | None, before: torch.Tensor, stride: int) -> tuple[torch.Tensor, torch.Tensor] | None:
    """The gradient, and the way back."""
    grad = None if param is None else param.grad
    if param is None or grad is None or grad.is_sparse or not summable(grad):
        return None
    now, slope = _thin(local(param), stride), _thin(local(grad), stride)
    if not now.shape == slope.shape == before.shape or not now.device == slope.device == before.device:
        return None
    return slope, before.float() - now.float() if now.element_size() < 4 else before - now


def _thin(tensor: torch.Tensor, stride: int) -> torch.Tensor:
    return tensor.detach().reshape(-1)[::stride]


def _joined(pieces: Sequence[torch.Tensor]) -> torch.Tensor:
    """One vector in double precision where there is such: squares of small gradients are smaller than float32 goes."""
    kind = torch.float32 if pieces[0].device.type == "mps" else torch.float64
    if len({piece.dtype for piece in pieces}) == 1:
        return torch.cat(list(pieces)).to(kind)
    return torch.cat([piece.to(kind) for piece in pieces])
