"""The share of a training step that recording takes, measured twice: in pairs of blocks, and inside our own calls.

*Paired*: blocks of whole training steps with and without the tool, in random order, in one process on one model; without
means no call and no hook. What all threads and caches do to the step is in it, and the machine's noise too. *Inside*: the
time spent in the tool's calls and hooks on the training thread, over the rest of the step. Nothing else is in it.
"""

import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.collector_cost.networks import NETWORKS
from benchmarks.collector_cost.tools import PEERS, TOOLS
from collector import Collector

BLOCK = 0.4  # s
WARM_UP = 40  # steps before the first block: the first ten are all measured, then the cadence settles
RESAMPLES = 10_000
OURS = {  # variant → arguments of the collector; None is no optimizer, so nothing but log()
    "curvewise": {},
    "curvewise, layers_every=1": {"layers_every": 1},
    "curvewise, log only": None,
}


class Stopwatch:
    """Adds up the time spent inside what it wraps, on the thread that calls it."""

    def __init__(self) -> None:
        self.ns = 0
        self.calls = 0

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function``, timed."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter_ns()
            try:
                return function(*args, **kwargs)
            finally:
                self.ns += time.perf_counter_ns() - start
                self.calls += 1

        return timed


class Training:
    """One model in training that a tool can be attached to and taken off."""

    def __init__(self, network: str, folder: Path, tool: str) -> None:
        self.model, self.optimizer, self.batches = NETWORKS[network]()
        self.watch = Stopwatch()
        self.log, self.close = self._open(folder, tool)
        # The hooks lie in these two dictionaries of torch's; taking them out is the only way to stop and go on.
        self.hooks = [self.optimizer._optimizer_step_pre_hooks, self.optimizer._optimizer_step_post_hooks]
        self.ours = [OrderedDict((key, self.watch.wrap(hook)) for key, hook in hooks.items()) for hooks in self.hooks]

    def _open(self, folder: Path, tool: str) -> tuple[Callable[[torch.Tensor], None], Callable[[], Any]]:
        if tool in OURS:
            attached = None if OURS[tool] is None else {"model": self.model, "optimizer": self.optimizer, **OURS[tool]}
            run = Collector(folder / "run", **attached or {})
            log = self.watch.wrap(run.log)
            return lambda loss: log(loss=loss), run.close
        opened, group = TOOLS[tool](folder), self.optimizer.param_groups[0]
        log = self.watch.wrap(lambda loss: opened.log(loss=loss.item(), rate=group["lr"]))
        return log, opened.close

    def attach(self, on: bool) -> None:
        """Put the tool's hooks into the optimizer, or take them out."""
        for hooks, ours in zip(self.hooks, self.ours, strict=True):
            hooks.clear()
            hooks.update(ours if on else {})

    def steps(self, count: int, on: bool) -> float:
        """Train ``count`` steps, logging each if ``on``; s."""
        self.attach(on)
        start = time.perf_counter()
        for _ in range(count):
            x, y = next(self.batches)
            loss = F.cross_entropy(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if on:
                self.log(loss.detach())
        return time.perf_counter() - start


def job(folder: Path, network: str, tool: str, seconds: float) -> dict[str, Any]:
    """Shares of step time in this process, in %, after ``seconds`` of blocks; paired with its 95 % interval."""
    torch.set_num_threads(1)
    training, order = Training(network, folder, tool), random.Random(0)
    training.steps(WARM_UP, True)
    length = max(5, round(BLOCK / (training.steps(WARM_UP // 2, False) / (WARM_UP // 2))))
    training.watch.ns = training.watch.calls = 0
    blocks, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(blocks) < 3:
        took = {on: training.steps(length, on) for on in order.sample([True, False], 2)}
        blocks.append((took[True], took[False]))
    inside, calls = training.watch.ns / 1e9, training.watch.calls
    training.close()
    with_it, without = np.array(blocks).T
    hooked = sum(map(len, training.ours))
    steps = len(blocks) * length
    if calls != steps * (1 + hooked):
        raise RuntimeError(f"{calls} calls were timed in {steps} steps with {hooked} hooks: the share would be wrong")
    low, high = _interval(with_it, without)
    return {
        "step_ms": without.sum() / steps * 1e3,
        "inside": inside / (with_it.sum() - inside) * 100,
        "inside_us": inside / steps * 1e6,
        "paired": (with_it.sum() / without.sum() - 1) * 100,
        "low": low,
        "high": high,
        "pairs": len(blocks),
        "steps": steps,
    }


def _interval(with_it: np.ndarray, without: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of the paired difference in %, resampling pairs of blocks."""
    chosen = np.random.default_rng(0).integers(len(with_it), size=(RESAMPLES, len(with_it)))
    ratios = with_it[chosen].sum(axis=1) / without[chosen].sum(axis=1)
    low, high = np.percentile((ratios - 1) * 100, [2.5, 97.5])
    return float(low), float(high)


def plan(tools: list[str], networks: Iterable[str] = NETWORKS) -> list[tuple[str, str, float]]:
    """(network, tool, s) of each measurement; ours longer, because we judge it."""
    variants = [(tool, 20.0) for tool in OURS] + [(tool, 10.0) for tool in tools if tool in PEERS]
    return [(network, tool, seconds) for network in networks for tool, seconds in variants]
