"""How long it takes to find all logs below a folder, when its files have been looked at before."""

import os
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.collector_cost.report import table
from benchmarks.reading.once import ROOT, measure

EVENTS = ROOT / "tests" / "logs" / "keras_tensorboard" / "log" / "by_epoch"
RUN, CSV = ROOT / "sample_runs" / "digits-cut-short", ROOT / "tests" / "logs" / "keras" / "log" / "appended.csv"
KINDS = {"TensorBoard folders": (EVENTS, 1_000), "CSV files": (CSV, 1_000), "run folders of our own": (RUN, 10_000)}
TOLD = "One folder with all of them, listed by a process of its own that had listed two before; medians.\n\n"


def part(home: Path, size: float, repeats: int) -> str:
    """A table: each of ``KINDS`` × ``size``, listed ``repeats`` times."""
    rows = []
    for (name, log, count), small in zip(_made(home / "many", size), _made(home / "two", 0), strict=True):
        made = [measure("listing", log, small[1]) for _ in range(repeats)]
        assert made[0]["points"] == count, f"{made[0]['points']} of {count} {name} found"
        seconds, busy = (statistics.median(m[of] for m in made) for of in ("seconds", "busy"))
        rows.append([f"{count:,} {name}", f"{seconds:.2f}", f"{busy:.2f}", f"{1e3 * busy / count:.2f}"])
    return "## Listing\n\n" + TOLD + table(["logs", "s", "CPU s", "CPU ms each"], rows)


def _made(home: Path, size: float) -> Iterator[tuple[str, Path, int]]:
    """A folder a kind, full of links to the files of one log: what is measured is looking, not the disk."""
    for name, (log, most) in KINDS.items():
        count, first = max(2, round(most * size)), home / "one" / log.name
        first.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(log, first) if log.is_dir() else shutil.copyfile(log, first)
        (home / name).mkdir()
        for i in range(count):
            _link(first, home / name / f"{i}{log.suffix}")
        yield name, home / name, count


def _link(log: Path, to: Path) -> None:
    if log.is_dir():
        shutil.copytree(log, to, copy_function=os.link)
    else:
        os.link(log, to)
