"""Runs functions in two processes joined by gloo, for the tests of DDP and FSDP2."""

import os
import socket
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

RANKS = 2


def together(function: Callable[..., None], *args: Any, ranks: int = RANKS) -> None:
    """``function(rank, *args)`` in each of the ranks; raises what any of them raised."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.start_processes(_rank, (ranks, port, function, args), ranks, start_method="spawn")


def _rank(rank: int, ranks: int, port: int, function: Callable[..., None], args: tuple[Any, ...]) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=ranks)
    function(rank, *args)
    dist.barrier()
    os._exit(0)  # gloo's threads may abort a process that takes them down while its peer does the same
