"""Which process of a distributed training this is."""

import os
import sys


def rank_and_world() -> tuple[int, int]:
    """(rank, number of processes): from torch.distributed where it is initialized, else as torchrun says, else (0, 1)."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank()), int(distributed.get_world_size())
    return _number("RANK", 0), _number("WORLD_SIZE", 1)


def _number(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdigit() else default
