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
        sizes: how many are followed of each.
        weights: what is followed of all, one after the other, as one vector in single precision or better.
        stride: see above.
        each: how many weights of the whole one that is followed stands for, also where the whole is spread over processes.
    """

    places: Sequence[tuple[int, int, int]]
    starts: Sequence[int]
    sizes: Sequence[int]
    weights: torch.Tensor
    stride: int
    each: float


@dataclass(frozen=True)
class Slopes:
    """The gradient of the weights of a ``Trail``.

    Attributes:
        values: one a weight, in double precision where the device has such; 0 where there is none.
        known: whether the parameter has one, parameter by parameter.
    """

    values: torch.Tensor
    known: Sequence[bool]


def begin(optimizer: Any, closure: bool) -> Trail | None:
    """Where the weights are now, on the device of the first parameter that can be followed; None where there is none.

    With a ``closure`` nothing is known yet of which will have a gradient.
    """
    found = [(g, i, p) for g, group in enumerate(optimizer.param_groups) for i, p in enumerate(group["params"])]
    found = [(g, i, p) for g, i, p in found if p.requires_grad and (closure or gradient(p) is not None)]
    if not found:
        return None
    device = found[0][2].device
    found = [(g, i, p) for g, i, p in found if p.device == device]
    parts = [local(p) for *_, p in found]
    counts = [part.numel() for part in parts]
    stride = max(1, -(-sum(counts) // MOST))
    while gcd(stride, SIZES) > 1:
        stride += 1
    starts = [-before % stride for before in accumulate(counts[:-1], initial=0)]
    with torch.no_grad():
        pieces = [thin(part, at, stride) for part, at in zip(parts, starts, strict=True)]
        sizes = [len(piece) for piece in pieces]
        weights = _joined(pieces)
    followed = sum(len(range(at, count, stride)) for at, count in zip(starts, counts, strict=True))
    each = sum(p.numel() for *_, p in found) / max(followed, 1)
    return Trail([(g, i, id(p)) for g, i, p in found], starts, sizes, weights, stride, each)


def here(trail: Trail, optimizer: Any) -> torch.Tensor | None:
    """Where the same weights are now; None where one of the parameters is no longer in its place, or not as it was."""
    there = list(_params(trail, optimizer))
    if any(p is None for p in there):
        return None
    with torch.no_grad():
        pieces = [thin(local(p), at, trail.stride) for p, at in zip(there, trail.starts, strict=True)]
        return _joined(pieces) if _fit(trail, pieces) else None


def slopes(trail: Trail, optimizer: Any) -> Slopes | None:
    """The gradient of the followed weights; None where none has one that can be followed."""
    found = [None if p is None else gradient(p) for p in _params(trail, optimizer)]
    known = [slope is not None for slope in found]
    if not any(known):
        return None
    with torch.no_grad():
        pieces = [
            trail.weights.new_zeros(size) if slope is None else thin(slope, at, trail.stride)
            for slope, at, size in zip(found, trail.starts, trail.sizes, strict=True)
        ]
        return Slopes(_precise(torch.cat(pieces)), known) if _fit(trail, pieces) else None


def all_followed(slopes: Slopes, optimizer: Any) -> bool:
    """Whether ``slopes`` has the gradient of every parameter that has one: none is sparse, spread in parts or on another device."""
    every = sum(p.requires_grad and p.grad is not None for group in optimizer.param_groups for p in group["params"])
    return bool(every == sum(slopes.known))


def gradient(param: torch.Tensor) -> torch.Tensor | None:
    """The part of its gradient that is here; None where there is none, or none whose entries stand in their places and are whole."""
    grad = param.grad
    return None if grad is None or grad.is_sparse or not summable(grad) else local(grad)


def thin(tensor: torch.Tensor, at: int, stride: int) -> torch.Tensor:
    """Every ``stride``-th element from ``at`` on, in the order of the indices, whatever lies where in memory: never a copy of the whole."""
    if tensor.is_contiguous():
        chosen = tensor.view(-1) if stride == 1 else tensor.view(-1)[at::stride]
    else:
        chosen = torch.take(tensor, torch.arange(at, max(at, tensor.numel()), stride, device=tensor.device))
    return torch.view_as_real(chosen.resolve_conj()).flatten() if chosen.is_complex() else chosen


def _params(trail: Trail, optimizer: Any) -> Iterator[torch.Tensor | None]:
    """The parameters that are followed, None for one that was replaced or taken out."""
    groups = optimizer.param_groups
    for g, i, known in trail.places:
        there = groups[g]["params"][i] if g < len(groups) and i < len(groups[g]["params"]) else None
        yield there if id(there) == known else None


def _fit(trail: Trail, pieces: Sequence[torch.Tensor]) -> bool:
    """Whether ``pieces`` are of the size, and on the device, that the followed weights were."""
    return all(len(p) == size and p.device == trail.weights.device for p, size in zip(pieces, trail.sizes, strict=True))


def _joined(pieces: list[torch.Tensor]) -> torch.Tensor:
    """A copy of all, in the most precise of their types."""
    whole = torch.cat(pieces)
    return whole.float() if whole.element_size() < 4 else whole


def _precise(vector: torch.Tensor) -> torch.Tensor:
    """In double precision where there is such: squares of small gradients are smaller than float32 goes."""
    return vector.to(torch.float32 if vector.device.type == "mps" else torch.float64)
