"""Where some of the weights were: a thin sample that stands for all. Computes with torch, as ``measure`` does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import gcd
from typing import Any

import torch

from collector.shards import local, summable

# Weights that are followed: a quarter of a megabyte is nobody's peak, and of independent entries a cosine is off by 1/√65,536 = 0.004.
MOST = 1 << 16
# The factors of usual layer sizes: a stride that shared one would meet the same column, or the same place of a kernel, again and again.
SIZES = 2 * 3 * 5 * 7


@dataclass(frozen=True)
class Trail:
    """Where some of the weights were: every ``stride``-th of all, counted through the parameters that had a gradient.

    A parameter is known by its group, its place there and its id. No reference is held, not even a weak one: torch swaps no tensor that has one, as
    models do that are moved or loaded.

    Attributes:
        places: group, place in it and id of each parameter.
        starts: the first element that is followed of each.
        weights: what is followed of each, one vector a parameter.
        stride: see above.
        each: how many weights of the whole one that is followed stands for, also where the whole is spread over processes.
    """

    places: Sequence[tuple[int, int, int]]
    starts: Sequence[int]
    weights: Sequence[torch.Tensor]
    stride: int
    each: float


def begin(optimizer: Any, closure: bool) -> Trail | None:
    """Where the weights are now, on the device of the first parameter that can be followed; None where there is none.

    With a ``closure`` nothing is known yet of which will have a gradient.
    """
    found = [(g, i, p) for g, group in enumerate(optimizer.param_groups) for i, p in enumerate(group["params"])]
    found = [(g, i, p) for g, i, p in found if p.requires_grad and (closure or gradient(p) is not None)]
    found = [(g, i, p) for g, i, p in found if p.device == found[0][2].device]
    if not found:
        return None
    sizes = [local(p).numel() for *_, p in found]
    stride = max(1, -(-sum(sizes) // MOST))
    while gcd(stride, SIZES) > 1:
        stride += 1
    starts = [-before % stride for before in accumulate(sizes[:-1], initial=0)]
    followed = sum(len(range(at, size, stride)) for at, size in zip(starts, sizes, strict=True))
    weights = [thin(local(p), at, stride).clone() for (*_, p), at in zip(found, starts, strict=True)]
    each = sum(p.numel() for *_, p in found) / max(followed, 1)
    return Trail([(g, i, id(p)) for g, i, p in found], starts, weights, stride, each)


def here(trail: Trail, optimizer: Any) -> list[torch.Tensor | None]:
    """Where the same weights are now; None for a parameter that is no longer in its place."""
    both = zip(params(trail, optimizer), trail.starts, strict=True)
    return [None if p is None else thin(local(p), at, trail.stride).clone() for p, at in both]


def params(trail: Trail, optimizer: Any) -> Iterator[torch.Tensor | None]:
    """The parameters that are followed, None for one that was replaced or taken out."""
    groups = optimizer.param_groups
    for g, i, known in trail.places:
        there = groups[g]["params"][i] if g < len(groups) and i < len(groups[g]["params"]) else None
        yield there if id(there) == known else None


def slopes(trail: Trail, optimizer: Any) -> list[torch.Tensor | None]:
    """The gradient of the followed weights, parameter by parameter; None where there is none, or none that can be followed."""
    both = zip(params(trail, optimizer), trail.starts, strict=True)
    found = [(None if p is None else gradient(p), at) for p, at in both]
    return [None if slope is None else thin(slope, at, trail.stride) for slope, at in found]


def all_followed(slopes: Sequence[torch.Tensor | None], optimizer: Any) -> bool:
    """Whether ``slopes`` has the gradient of every parameter that has one: none is sparse, spread in parts or on another device."""
    every = sum(p.requires_grad and p.grad is not None for group in optimizer.param_groups for p in group["params"])
    return bool(every == sum(slope is not None for slope in slopes))


def gradient(param: torch.Tensor) -> torch.Tensor | None:
    """The part of its gradient that is here; None where there is none, or none whose entries stand in their places and are whole."""
    grad = param.grad
    return None if grad is None or grad.is_sparse or not summable(grad) else local(grad)


def thin(tensor: torch.Tensor, at: int, stride: int) -> torch.Tensor:
    """Every ``stride``-th element from ``at`` on, in the order of the indices, whatever lies where in memory: never a copy of the whole."""
    tensor = tensor.detach().resolve_conj()
    if tensor.is_contiguous():
        chosen = tensor.view(-1)[at::stride]
    else:
        chosen = torch.take(tensor, torch.arange(at, max(at, tensor.numel()), stride, device=tensor.device))
    return torch.view_as_real(chosen).flatten() if chosen.is_complex() else chosen


def joined(pieces: Sequence[torch.Tensor], kind: torch.dtype | None = None) -> torch.Tensor:
    """One vector, by default in double precision where there is such: squares of small gradients are smaller than float32 goes."""
    if kind is None:
        kind = torch.float32 if pieces[0].device.type == "mps" else torch.float64
    if len({piece.dtype for piece in pieces}) == 1:
        return torch.cat(list(pieces)).to(kind)
    return torch.cat([piece.to(kind) for piece in pieces])
