"""Steps lost at SIGKILL: a process logs and acknowledges every call that returned; then it is killed at a random instant."""

import os
import random
import signal
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.collector_cost import child
from benchmarks.collector_cost.tools import PEERS, TOOLS

KILLS = 3
SECONDS = (1.0, 2.0)  # after the first acknowledged step, at random in between
PACE = 0.001  # s between two steps at 1 kHz
HELPERS = 2.0  # s that a tool's helper processes get to write what they hold, before we read
ACKNOWLEDGED = struct.Struct("<q")


def job(folder: Path, tool: str, paced: bool, pipe: int) -> None:
    """The victim: logs 0, 1, 2 … as ``loss`` until it is killed, and acknowledges each step that ``log`` returned from."""
    log, step = TOOLS[tool](folder).log, 0
    while True:
        log(loss=float(step), accuracy=0.5, rate=0.1, norm=-2.0 * step)
        os.write(pipe, ACKNOWLEDGED.pack(step))
        step += 1
        if paced:
            time.sleep(PACE)


def one(folder: Path, tool: str, paced: bool, seconds: float) -> dict[str, Any]:
    """Steps acknowledged, and of those lost, when ``tool`` is killed ``seconds`` after its first step."""
    acknowledged = _victim(folder, tool, paced, seconds)
    time.sleep(HELPERS if tool in PEERS else 0.0)
    try:
        readable = child.run("read_back", folder, tool=tool)
    except RuntimeError:  # nothing was written that its reader would open
        readable = []
    lost = len(set(map(float, range(acknowledged))) - set(readable))
    return {"acknowledged": acknowledged, "lost": lost, "doubled": len(readable) - len(set(readable))}


def _victim(folder: Path, tool: str, paced: bool, seconds: float) -> int:
    """How many steps the victim acknowledged."""
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory() as scratch, os.fdopen(reading, "rb", buffering=0) as pipe:
        given = {"folder": str(folder), "tool": tool, "paced": paced, "pipe": writing}
        line = child.command("kill", Path(scratch) / "none", given)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(line, cwd=child.ROOT, env=child.environment(folder), pass_fds=[writing], **quiet)
        os.close(writing)
        received = len(pipe.read(ACKNOWLEDGED.size))
        end = time.monotonic() + seconds
        while time.monotonic() < end and (data := pipe.read(1 << 16)):
            received += len(data)
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.set_blocking(reading, False)  # a helper process may hold the other end open
        while data := pipe.read(1 << 16):
            received += len(data)
    return received // ACKNOWLEDGED.size


def measure(folder: Path, tools: list[str], share: float) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Tool → pace → one entry a kill."""
    order, found = random.Random(0), {}
    for tool in tools:
        for pace in ("1 kHz", "full speed"):
            kills = [order.uniform(*SECONDS) * share for _ in range(max(1, round(KILLS * share)))]
            found.setdefault(tool, {})[pace] = [
                one(folder / f"kill-{pace}-{tool}-{i}", tool, pace == "1 kHz", seconds)
                for i, seconds in enumerate(kills)
            ]
    return found
