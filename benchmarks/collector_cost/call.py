"""What one call costs on the training thread: four named floats, in a tight loop and between pieces of work."""

import gc
import random
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.collector_cost import child
from benchmarks.collector_cost.processor import seconds_used
from benchmarks.collector_cost.tools import OURS_OPTIMIZER, TOOLS

ROUNDS = 3
STEPS = {"tight": 20_000, "paced": 2_000}
WARM_UP = 200  # calls before the timed ones: first files, first threads, lazy imports
PACE_NS = 1_000_000  # of work between two calls when paced


def job(folder: Path, tool: str, steps: int, paced: bool, values: str) -> dict[str, float]:
    """One round of one tool in this process; times in µs, of closing in ms."""
    rows = np.load(values)[: steps + WARM_UP].tolist()
    opened = TOOLS[tool](folder)
    _loop(opened.log, opened.work or _nothing, rows[:WARM_UP])
    gc.collect()
    cpu = seconds_used()
    spent, cpu_work = _loop(opened.log, _work(paced, opened.work), rows[WARM_UP:])
    start = time.perf_counter()
    opened.close()
    close = time.perf_counter() - start
    us = np.array(spent) / 1e3
    median, p99 = np.percentile(us, [50, 99])
    figures = {"median": median, "p99": p99, "max": us.max(), "mean": us.mean(), "close_ms": close * 1e3}
    figures["cpu"] = (seconds_used() - cpu - cpu_work) / steps * 1e6
    return {name: float(value) for name, value in figures.items()}


def _loop(log: Callable[..., Any], work: Callable[[], Any], rows: list[list[float]]) -> tuple["array[int]", float]:
    """The time of each call in ns, and the CPU time in s that ``work`` took on this thread."""
    clock, cpu_clock = time.perf_counter_ns, time.thread_time_ns
    spent, cpu_work = array("q", bytes(8 * len(rows))), 0
    busy = work is not _nothing
    for i, (loss, accuracy, rate, norm) in enumerate(rows):
        if busy:
            begun = cpu_clock()
            work()
            cpu_work += cpu_clock() - begun
        start = clock()
        log(loss=loss, accuracy=accuracy, rate=rate, norm=norm)
        spent[i] = clock() - start
    return spent, cpu_work / 1e9


def _nothing() -> None:
    pass


def _work(paced: bool, step: Callable[[], Any] | None) -> Callable[[], Any]:
    """About 1 ms of numpy over 256 KiB, enough to push the tool's lines out of the nearest cache; and the tool's step."""
    if not paced:
        return step or _nothing
    numbers, result = np.random.default_rng(0).random(32_768), np.empty(32_768)

    def work() -> None:
        end = time.perf_counter_ns() + PACE_NS
        while time.perf_counter_ns() < end:
            np.sqrt(numbers, out=result)
        if step is not None:
            step()

    return work


def measure(folder: Path, tools: list[str], values: dict[str, str], share: float) -> dict[str, dict[str, Any]]:
    """Tool → mode → the median over rounds of each figure (of ``max`` the largest); tools in random order in every round."""
    order, rounds = random.Random(0), max(1, round(ROUNDS * share))
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for number in range(rounds):
        for tool, mode in order.sample([(t, m) for t in tools for m in STEPS], len(tools) * len(STEPS)):
            place = folder / f"{number}-{mode}-{tool}"
            steps = max(200, round(STEPS[mode] * share))
            figures = child.run("call", place, tool=tool, steps=steps, paced=mode == "paced", values=values["curve"])
            found.setdefault((tool, mode), []).append(figures)
    return {tool: {mode: _middle(found[tool, mode]) for mode in STEPS} for tool in tools}


def _middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: float((max if name == "max" else np.median)([r[name] for r in rounds])) for name in rounds[0]}


def disk(folder: Path, tools: list[str], values: dict[str, str], share: float) -> dict[str, dict[str, float]]:
    """Tool → bytes a step after closing, with a real curve and with noise, and the rows its reader finds of those logged."""
    steps, found = max(200, round(STEPS["tight"] * share)), {}
    for tool in [t for t in tools if t not in ("nothing", OURS_OPTIMIZER)]:
        sizes: dict[str, float] = {}
        for kind, path in values.items():
            place = folder / f"disk-{kind}-{tool}"
            child.run("call", place, tool=tool, steps=steps, paced=False, values=path)
            files = [file for file in place.rglob("*") if file.is_file()]
            sizes[kind] = sum(file.stat().st_size for file in files) / (steps + WARM_UP)
            sizes["files"] = len(files)
        losses = child.run("read_back", folder / f"disk-curve-{tool}", tool=tool)
        expected = np.load(values["curve"])[: steps + WARM_UP, 0]
        same = len(losses) == len(expected) and np.allclose(losses, expected, rtol=1e-6)  # TensorBoard keeps float32
        found[tool] = sizes | {"rows": len(losses), "logged": len(expected), "same": bool(same)}
    return found
