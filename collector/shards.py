"""Parameters that are spread over processes (DTensor: FSDP2, tensor parallelism), seen from this process alone.

Norms of shards are never summed by a collective: one rank without a collector, or with another cadence, would hang the
training. Each rank writes the norms of its shards, and the reader adds up their squares.
"""

from typing import Any

import torch


def local(tensor: Any) -> torch.Tensor:
    """The part of ``tensor`` that this process holds; the tensor itself when it is not spread."""
    part: torch.Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return part


def replicas(tensor: Any) -> int:
    """How many ranks hold the very part that this one holds: their squares would be added that many times."""
    if not hasattr(tensor, "placements"):
        return 1
    count = 1
    for dimension, placement in enumerate(tensor.placements):
        if placement.is_replicate():
            count *= int(tensor.device_mesh.size(dimension))
    return count


def summable(tensor: Any) -> bool:
    """False for a gradient whose shards have yet to be added up: its norm cannot be had without communication."""
    return not any(placement.is_partial() for placement in getattr(tensor, "placements", ()))
