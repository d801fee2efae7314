"""Whether the gradient still points along the last updates. Computes with torch, as ``measure`` does.

Of the loss L and a way ΔW that was gone, ⟨∇L, ΔW⟩ at its end is the slope of the loss along that way (of a single step: Baydin et al., "Online Learning Rate
Adaptation with Hypergradient Descent", ICLR 2018). Where it is negative again and again, the way still leads down, where it is positive, it led too far.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import gcd
from typing import Any

import torch

from collector.shards import local, summable
from collector.values import Later, as_number

# Weights that are followed: a quarter of a megabyte is nobody's peak, and of independent entries the cosine is off by 1/√65,536 = 0.004.
MOST = 1 << 16
# The factors of usual layer sizes: a stride that shared one would meet the same column, or the same place of a kernel, again and again.
SIZES = 2 * 3 * 5 * 7


@dataclass(frozen=True)
class Trail:
    """Where some of the weights were: every ``stride``-th of all, counted through the parameters that had a gradient.

    A parameter is known by its group, its place there and its id. No reference is held, not even a weak one: torch swaps no tensor that has one, as
    models do that are moved or loaded.
    """

    places: Sequence[tuple[int, int, int]]
    starts: Sequence[int]
    weights: Sequence[torch.Tensor]
    stride: int


def begin(optimizer: Any, closure: bool) -> Trail | None:
    """Where the weights are now, on the device of the first parameter that can be followed; None where there is none.

    With a ``closure`` nothing is known yet of which will have a gradient.
    """
    found = [(g, i, p) for g, group in enumerate(optimizer.param_groups) for i, p in enumerate(group["params"])]
    found = [(g, i, p) for g, i, p in found if p.requires_grad and (closure or _gradient(p) is not None)]
    found = [(g, i, p) for g, i, p in found if p.device == found[0][2].device]
    if not found:
        return None
    sizes = [local(p).numel() for *_, p in found]
    stride = max(1, -(-sum(sizes) // MOST))
    while gcd(stride, SIZES) > 1:
        stride += 1
    starts = [-before % stride for before in accumulate(sizes[:-1], initial=0)]
    weights = [_thin(local(p), at, stride).clone() for (*_, p), at in zip(found, starts, strict=True)]
    return Trail([(g, i, id(p)) for g, i, p in found], starts, weights, stride)


def here(trail: Trail, optimizer: Any) -> list[torch.Tensor | None]:
    """Where the same weights are now; None for a parameter that is no longer in its place."""
    both = zip(_params(trail, optimizer), trail.starts, strict=True)
    return [None if p is None else _thin(local(p), at, trail.stride).clone() for p, at in both]


def alignment(trail: Trail, optimizer: Any, now: Sequence[torch.Tensor | None] | None = None) -> float | Later | None:
    """The cosine between the way from ``trail`` to ``now`` (where the weights are, if not given) and minus the gradient there is, that at ``now``; NaN where one of them is zero.

    None where fewer than half of the followed weights have a gradient whose parts are all here.
    """
    with torch.no_grad():
        pairs = []
        for i, param in enumerate(_params(trail, optimizer)):
            slope = None if param is None else _gradient(param)
            if param is None or slope is None:
                continue
            at, was = trail.starts[i], trail.weights[i]
            there = _thin(local(param), at, trail.stride) if now is None else now[i]
            thin = _thin(slope, at, trail.stride)
            if there is not None and there.shape == thin.shape == was.shape and there.device == thin.device:
                pairs.append((thin, was.float() - there.float() if there.element_size() < 4 else was - there))
        if 2 * sum(len(thin) for thin, _ in pairs) < sum(map(len, trail.weights)) or not pairs:
            return None
        gradient, back = (_joined(side) for side in zip(*pairs, strict=True))
        norms = torch.linalg.vector_norm(gradient) * torch.linalg.vector_norm(back)
        return as_number((gradient * back).sum() / norms)


def _params(trail: Trail, optimizer: Any) -> Iterator[torch.Tensor | None]:
    """The parameters that are followed, None for one that was replaced or taken out."""
    groups = optimizer.param_groups
    for g, i, known in trail.places:
        there = groups[g]["params"][i] if g < len(groups) and i < len(groups[g]["params"]) else None
        yield there if id(there) == known else None


def _gradient(param: torch.Tensor) -> torch.Tensor | None:
    grad = param.grad
    return None if grad is None or grad.is_sparse or not summable(grad) else local(grad)


def _thin(tensor: torch.Tensor, at: int, stride: int) -> torch.Tensor:
    """Every ``stride``-th element from ``at`` on, in the order of the indices, whatever lies where in memory: never a copy of the whole."""
    tensor = tensor.detach().resolve_conj()
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
