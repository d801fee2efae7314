"""Which process of a distributed training this is, and where rank 0 keeps its share of what is spread over all."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from collector.place import Place


def rank_and_world() -> tuple[int, int]:
    """(rank, number of processes): from torch.distributed where it is initialized, else as torchrun says, else (0, 1)."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank()), int(distributed.get_world_size())
    return _number("RANK", 0), _number("WORLD_SIZE", 1)


def _number(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdigit() else default


@dataclass(frozen=True)
class Share:
    """Rank 0's part of sharded parameters: a folder beside those of the other ranks, under the attempt of the run."""

    folder: Path
    run: Place

    def claim(self) -> int:
        """The attempt number of the run.

        Raises:
            OSError: see ``Place.claim``.
        """
        return self.run.claim()
