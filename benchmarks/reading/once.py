"""One reading in a process of its own: how long it took, and by how much the process grew at most.

What is imported and tried on a small log before is not counted. ``python -m benchmarks.reading.once HOW LOG SMALL`` prints JSON.
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parents[2]


def measure(how: str, log: Path, small: Path) -> dict[str, Any]:
    """``seconds``, ``busy`` (s of all threads), ``grown`` and ``result`` in bytes, and ``points`` of reading ``log`` once.

    ``small`` is read before, to warm up.

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


def listing(folder: Path) -> tuple[int, int]:
    """The number of logs below ``folder``."""
    from diagnostics.readers import sources

    return 0, len(sources(folder))


def pandas(log: Path, engine: Literal["pyarrow"] | None = None) -> tuple[int, int]:
    """As pandas reads a CSV."""
    from pandas import read_csv

    frame = read_csv(log, engine=engine)
    return int(frame.memory_usage().sum()), int(frame.size)


def accumulator(log: Path) -> tuple[int, int]:
    """As TensorBoard's own API reads a folder, none left out."""
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, TENSORS, EventAccumulator

    events = EventAccumulator(str(log), size_guidance={SCALARS: 0, TENSORS: 0}).Reload()
    scalars = [events.Scalars(tag) for tag in events.Tags()[SCALARS]]
    tensors = [events.Tensors(tag) for tag in events.Tags()[TENSORS]]
    return 0, sum(map(len, scalars + tensors))


def memory(of: str) -> int:
    """Bytes resident in this process, as Linux counts them: now (``VmRSS``), or at most since ``forget`` (``VmHWM``)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{of}:"))
    return int(line.split()[1]) * 1024


def forget() -> None:
    """Let the most memory be counted from now on: importing takes more for a moment than a reading adds."""
    Path("/proc/self/clear_refs").write_text("5")


HOW: dict[str, Callable[[Path], tuple[int, int]]] = {
    "ours": ours,
    "verdict": verdict,
    "listing": listing,
    "pandas": pandas,
    "pandas, pyarrow": partial(pandas, engine="pyarrow"),
    "accumulator": accumulator,
}


def main() -> None:
    """The child's side."""
    how, log, small = HOW[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3])
    how(small)
    gc.collect()
    forget()
    before, busy, began = memory("VmRSS"), time.process_time(), time.perf_counter()
    result, points = how(log)
    found = {"seconds": time.perf_counter() - began, "busy": time.process_time() - busy}
    print(json.dumps(found | {"grown": memory("VmHWM") - before, "result": result, "points": points}))


if __name__ == "__main__":
    main()
