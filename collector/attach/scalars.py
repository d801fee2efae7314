"""Scalars taken from tensors without waiting: floats from the CPU, small copies on the device from anywhere else."""

import math
from typing import Any

WEIGHT = 0.25  # from 1: a factor nearer to it is a mean over other counts (padding, the last token), and no weight
SAME = 1e-4  # relative: float32 adds up to a few parts in a million
Scalar = Any  # a float, or a detached tensor of no dimensions on an accelerator


def scalar(tensor: Any) -> Scalar:
    """The value of a tensor of one element, cut off from its graph and from what the script does to it in place."""
    tensor = tensor.detach()
    return float(tensor.item()) if tensor.device.type == "cpu" else tensor.reshape(()).clone()


def nearest(value: Scalar, *pairs: tuple[Scalar, Scalar]) -> Scalar:
    """Of pairs (measure, result) the result whose measure is, as a factor, nearest to ``value``; computed where they are."""
    best, result = _distance(value, pairs[0][0]), pairs[0][1]
    for measure, candidate in pairs[1:]:
        distance = _distance(value, measure)
        closer = distance < best
        if isinstance(closer, bool):
            best, result = (distance, candidate) if closer else (best, result)
        else:
            best, result = _where(closer, distance, best), _where(closer, candidate, result)
    return result


def _distance(value: Scalar, other: Scalar) -> Scalar:
    """|ln(value / other)|; infinite or NaN where there is no such factor."""
    if isinstance(value, float) and isinstance(other, float):
        ratio = abs(value / other) if other else math.inf
        return abs(math.log(ratio)) if 0 < ratio < math.inf else math.inf
    return abs(abs(value / other).log())


def _where(condition: Any, one: Scalar, other: Scalar) -> Scalar:
    import torch

    return torch.where(condition, one, other)


def constant(values: list[Scalar]) -> Scalar:
    """Their common value, 1 where they differ or where it is near 1; computed where they are."""
    if len(values) < 2:
        return 1.0
    if all(isinstance(value, float) for value in values):
        low, high = min(values), max(values)
        return values[-1] if high - low <= SAME * abs(low) and abs(values[-1] - 1) > WEIGHT else 1.0
    import torch

    every = torch.stack([torch.as_tensor(value, device=values[-1].device).reshape(()) for value in values])
    low, high = every.min(), every.max()
    return torch.where((high - low <= SAME * low.abs()) & ((every[-1] - 1).abs() > WEIGHT), every[-1], 1.0)
