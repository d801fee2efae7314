"""How does the dashboard's data side bear thousands of runs, and a long one that grows? Made here, of the sample runs.

``python -m benchmarks.many_runs`` makes 10,000 runs (some 1 GB in a temporary folder), indexes them as the server does, and prints
a table; ``--runs 500`` is a quick one, ``--make FOLDER`` only makes the runs.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.desk import Desk
from app.hub import Hub
from app.index import Index
from app.index_store import Store
from app.sources import ROOT, Folder
from benchmarks.collector_cost.report import table
from collector import schema

SAMPLES = ROOT / "sample_runs"
VARIANTS = 8  # of each sample: more would only take longer to make
STEPS, NEW = 1_000_000, 64  # rows of the long run, and rows a part that is added
TABS, SECONDS = 20, 20.0  # that look at it, each four times a second, and for how long

Line = tuple[str, str]


def make(folder: Path, count: int, seed: int = 0) -> None:
    """``count`` run folders: samples whose losses are stretched a little, with hyperparameters of their own."""
    rng = np.random.default_rng(seed)
    samples = [path for path in sorted(SAMPLES.iterdir()) if path.is_dir()]
    pool = [(sample, _variant(sample, rng)) for sample in samples for _ in range(VARIANTS)]
    for i in range(count):
        sample, parts = pool[int(rng.integers(len(pool)))]
        home = folder / f"run-{i:05d}"
        for name, content in parts.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(content)
        about = json.loads((sample / schema.RUN_FILE).read_text())
        config = about["config"] | {
            "lr": float(10 ** rng.uniform(-4, 0)),
            "weight_decay": float(10 ** rng.uniform(-6, -1)),
        }
        about |= {"name": home.name, "config": config | {"seed": i}}
        (home / schema.RUN_FILE).write_text(json.dumps(about))


def _variant(sample: Path, rng: np.random.Generator) -> dict[str, bytes]:
    """The parts of ``sample`` by name, its losses times a number near 1, begun on some day of a year."""
    parts = {f"layers/{path.name}": path.read_bytes() for path in (sample / schema.LAYERS).glob("*.parquet")}
    stretch, later = float(rng.uniform(0.9, 1.1)), float(-rng.uniform(0, 365) * 86_400)
    for path in (sample / schema.SCALARS).glob("*.parquet"):
        rows = pq.read_table(path)
        for i, name in enumerate(rows.column_names):
            if name.endswith("/loss"):
                rows = rows.set_column(i, name, pc.multiply(rows[name], stretch))
            elif name == schema.WALL_TIME:
                rows = rows.set_column(i, name, pc.add(rows[name], later))
        buffer = pa.BufferOutputStream()
        pq.write_table(rows, buffer, compression="zstd")
        parts[f"scalars/{path.name}"] = buffer.getvalue().to_pybytes()
    return parts


def lengthy(home: Path, rows: int) -> None:
    """A run of ``rows`` rows that goes on, in the parts that a training leaves."""
    first = 0
    for size in (262_144, 16_384, 1_024, NEW):
        while rows - first >= size:
            add(home, first, size, rows)
            first += size
    about = {"format_version": 1, "name": home.name, "state": "running", "config": {"max_steps": 2 * rows}, "notes": []}
    (home / schema.RUN_FILE).write_text(json.dumps(about))


def add(home: Path, first: int, count: int, of: int) -> None:
    """A sealed part of ``count`` rows from row ``first`` on."""
    rng, steps = np.random.default_rng(first), np.arange(first + 1, first + count + 1)
    loss = 0.3 + 2 * np.exp(-5 * steps / of) + 0.05 * rng.standard_normal(count)
    columns = {"step": steps, "epoch": steps / 1000, "wall_time": 1.79e9 + steps / 100, "train/loss": loss}
    columns |= {name: np.exp(0.2 * rng.standard_normal(count)) for name in ("optim/update_ratio", "grad/norm")}
    columns |= {"optim/lr": np.full(count, 1e-3), "perf/step_time": np.full(count, 0.01)}
    (home / schema.SCALARS).mkdir(parents=True, exist_ok=True)
    draft = home / ".draft"
    pq.write_table(pa.table(columns), draft, compression="zstd")
    draft.replace(home / schema.SCALARS / schema.part_name(1, first, first + count - 1))


def listed(runs: Path, cache: Path) -> Iterator[Line]:
    """Points of the list: first time, next start, nothing changed, one run changed."""
    folder, store = Folder(runs, "", False), cache / "rows.sqlite"
    index, hub = _served(folder, store)
    yield "runs", f"{len(list(runs.iterdir())):,}"
    calls, seconds = _until_read(index)
    yield "first time: until all are read", f"{seconds:.0f} s, {len(index.rows()[0]) / seconds:.0f} runs a second"
    yield (
        "meanwhile a page waits for the list",
        f"at first {calls[0]:.2f} s, then at most {max(calls[1:], default=0):.2f} s",
    )
    hub.stop()
    began = time.perf_counter()
    index, hub = _served(folder, store)
    _wait(lambda: bool(index.rows()[0]))
    yield "next start: until the list is there", f"{time.perf_counter() - began:.2f} s, {len(index.rows()[0]):,} rows"
    _wait(lambda: index._looked_at > 0)
    yield "next start: until every file was looked at", f"{time.perf_counter() - began:.1f} s, in the background"
    yield (
        "asking when nothing has changed, median",
        f"{1e3 * statistics.median(_timed(index.rows) for _ in range(99)):.2f} ms",
    )
    seconds = statistics.median(_changed(index, runs / f"run-{i:05d}") for i in range(5))
    yield "a run's files change: until its row does, median", f"{1e3 * seconds:.0f} ms"
    before = time.process_time()
    time.sleep(5)
    yield "processor while nothing happens", f"{100 * (time.process_time() - before) / 5:.1f} % of a core"
    yield "memory of the process, peak", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB"
    hub.stop()


def grows(runs: Path) -> Iterator[Line]:
    """A long run that grows, looked at by many tabs at once."""
    home = runs / "long"
    lengthy(home, STEPS)
    desk = Desk(lambda path: None)
    yield f"a run of {STEPS:,} rows: opened and judged", f"{_timed(lambda: desk.cases(home)):.2f} s"
    waits = []
    for k in range(20):
        add(home, STEPS + k * NEW, NEW, STEPS)
        waits.append(_timed(lambda: desk.cases(home)))
        time.sleep(0.05)
    yield (
        "with a part more: opened again, median",
        f"{1e3 * statistics.median(waits):.1f} ms, at most {1e3 * max(waits):.0f} ms",
    )
    processor, slowest, judged = _many_tabs(desk, home)
    yield f"{TABS} tabs look, 4 times a second each, while it grows", f"{100 * processor:.0f} % of a core"
    yield "the slowest answer to a tab", f"{1e3 * slowest:.0f} ms"
    yield "reports in that time", f"{judged}, {SECONDS / max(judged, 1):.0f} s apart"


def _many_tabs(desk: Desk, home: Path) -> tuple[float, float, int]:
    """Share of a core, the slowest answer in seconds, and how many reports were made."""
    waits: list[float] = []
    reports: set[int] = set()
    ends = time.monotonic() + SECONDS

    def tab() -> None:
        while time.monotonic() < ends:
            waits.append(_timed(lambda: reports.add(id(desk.cases(home)[0].report))))
            time.sleep(0.25)

    tabs = [threading.Thread(target=tab) for _ in range(TABS)]
    before = time.process_time()
    for thread in tabs:
        thread.start()
    first = STEPS + 20 * NEW
    while time.monotonic() < ends:
        add(home, first, NEW, STEPS)
        first += NEW
        time.sleep(0.25)
    for thread in tabs:
        thread.join()
    return (time.process_time() - before) / SECONDS, max(waits), len(reports) - 1


def _served(folder: Folder, store: Path) -> tuple[Index, Hub]:
    index = Index([folder], Store(store))
    hub = Hub([folder], index)
    hub.start()
    return index, hub


def _until_read(index: Index) -> tuple[list[float], float]:
    """How long each asking took, and all of it."""
    began, calls = time.perf_counter(), [_timed(index.rows)]
    while (done := index.progress())[0] < done[1] or not done[1]:
        time.sleep(0.25)
        calls.append(_timed(index.rows))
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done[0]:,} of {done[1]:,} ")
    _wait(lambda: len(index.rows()[0]) >= done[1])
    return calls, time.perf_counter() - began


def _changed(index: Index, run: Path) -> float:
    about = run / schema.RUN_FILE
    name = f"changed {time.time()}"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"name": name}))
    return _timed(lambda: _wait(lambda: any(row.name == name for row in index.rows()[0])))


def _wait(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not done() and time.monotonic() < ends:
        time.sleep(0.005)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--make", type=Path, metavar="FOLDER", help="only make the runs, there")
    arguments = parser.parse_args()
    if arguments.make:
        make(arguments.make, arguments.runs)
        return
    with tempfile.TemporaryDirectory(prefix="curvewise-") as home:
        runs = Path(home) / "runs"
        made = _timed(lambda: make(runs, arguments.runs))
        lines = [("made", f"in {made:.0f} s, {os.cpu_count()} cores"), *listed(runs, Path(home) / "cache")]
        shutil.rmtree(runs)
        print(table(["", "measured"], [list(line) for line in [*lines, *grows(Path(home))]]))


if __name__ == "__main__":
    main()
