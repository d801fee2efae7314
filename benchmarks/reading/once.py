"""One reading in a process of its own: how long it took, and by how much the process grew at most.

What is imported and tried on a small log before is not counted. ``python -m benchmarks.reading.once HOW LOG SMALL`` prints JSON.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def measure(how: str, log: Path, small: Path) -> dict[str, Any]:
    """Seconds, ``grown`` and ``result`` in bytes, and ``points`` of reading ``log`` once; ``small`` warms up.

    Raises:
        RuntimeError: the child failed; the text is the end of what it said.
    """
    line = [sys.executable, "-m", __name__, how, str(log), str(small)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{how} of {log.name} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def ours(log: Path) -> tuple[int, int]:
    """Bytes and points of the runs."""
    from diagnostics.readers import read

    curves = [curve for run in read(log) for curve in run.curves.values()]
    return sum(c.steps.nbytes + c.values.nbytes + c.wall_time.nbytes for c in curves), sum(map(len, curves))


def verdict(log: Path) -> tuple[int, int]:
    """As ``ours``, and a report of every run."""
    from diagnostics import diagnose
    from diagnostics.readers import read

    runs = read(log)
    assert all(diagnose(run).verdict for run in runs)
    return 0, sum(len(curve) for run in runs for curve in run.curves.values())


def pandas(log: Path) -> tuple[int, int]:
    """As pandas reads a CSV."""
    from pandas import read_csv

    frame = read_csv(log)
    return int(frame.memory_usage().sum()), int(frame.size)


def accumulator(log: Path) -> tuple[int, int]:
    """As TensorBoard's own API reads a folder, none left out."""
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, TENSORS, EventAccumulator

    events = EventAccumulator(str(log), size_guidance={SCALARS: 0, TENSORS: 0}).Reload()
    scalars = [events.Scalars(tag) for tag in events.Tags()[SCALARS]]
    tensors = [events.Tensors(tag) for tag in events.Tags()[TENSORS]]
    return 0, sum(map(len, scalars + tensors))


def peak() -> int:
    """The most memory this process has had, bytes: of Linux, and none of the process that started this one."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


HOW: dict[str, Callable[[Path], tuple[int, int]]] = {
    "ours": ours,
    "verdict": verdict,
    "pandas": pandas,
    "accumulator": accumulator,
}


def main() -> None:
    """The child's side."""
    how, log, small = HOW[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3])
    how(small)
    before = peak()
    began = time.perf_counter()
    result, points = how(log)
    seconds = time.perf_counter() - began
    grown = peak() - before
    print(json.dumps({"seconds": seconds, "grown": grown, "result": result, "points": points}))


if __name__ == "__main__":
    main()
