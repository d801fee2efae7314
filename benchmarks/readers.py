"""How fast are past logs read, and in how much memory? Ours beside TensorBoard's EventAccumulator and pandas, in one run.

``python -m benchmarks.readers`` takes some minutes and prints tables and whether each promise is met; it exits with 1 when one is
missed. TensorBoard comes with ``pip install -e '.[bench]'``; where it is not installed that part is said and skipped.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path
from typing import Any

from benchmarks.collector_cost.report import table
from benchmarks.collector_cost.targets import Target
from benchmarks.reading import listing, logs, tools
from benchmarks.reading.once import measure

REPEATS = 7  # readings of each, turn about
SCALARS, CSV_ROWS = 200_000, 1_000_000
TIMES_FASTER = 10.0  # than TensorBoard
VERDICT = 2.0  # s, of a log of 10 MB
TIMES_FILE = 10.0  # bytes of memory a byte of the file, at the most
QUICK = 0.01  # share of the sizes in a smoke run

Part = tuple[str, list[Target]]
Measured = dict[str, Any]


def beside(log: Path, small: Path, rivals: list[str], repeats: int) -> dict[str, list[Measured]]:
    """What was measured of ours and of each rival, turn about."""
    found: dict[str, list[Measured]] = {"ours": [], **{rival: [] for rival in rivals}}
    for _ in range(repeats):
        for how, made in found.items():
            made.append(measure(how, log, small))
    return found


def _median(made: list[Measured], name: str) -> float:
    return statistics.median(m[name] for m in made)


def _times(ours: list[Measured], theirs: list[Measured]) -> float:
    """How many times the processor's time ours takes they take: the median over the rounds."""
    return statistics.median(t["busy"] / o["busy"] for o, t in zip(ours, theirs, strict=True))


Compared = tuple[str, Path, float, dict[str, list[Measured]]]


def compared(folder: Path, size: float, with_tensorboard: bool) -> Iterator[Compared]:
    """Name, log, times as fast as the first rival we must be, and what was measured of ours and of each rival."""
    repeats = REPEATS if size == 1 else 1
    if with_tensorboard:
        for tensors, name in ((False, "scalars as torch writes them"), (True, "scalars as TensorFlow 2 writes them")):
            log = logs.events(folder / f"events-{tensors}", round(SCALARS * size), tensors)
            small = logs.events(folder / f"small-{tensors}", 50, tensors)
            name = f"event file, {round(SCALARS * size):,} {name}"
            yield name, log, TIMES_FASTER, beside(log, small, ["accumulator"], repeats)
    rows = round(CSV_ROWS * size)
    for made, name in ((logs.narrow(rows), "2 columns"), (logs.wide(rows // 5), "8 columns")):
        log, small = folder / "log.csv", folder / "small.csv"
        made.to_csv(log, index=False)
        made.head(100).to_csv(small, index=False)
        name = f"CSV, {len(made):,} rows, {name}"
        yield name, log, 1.0, beside(log, small, ["pandas", "pandas, pyarrow"], repeats)


NAMES = {
    "ours": "ours",
    "accumulator": "EventAccumulator",
    "pandas": "pandas.read_csv",
    "pandas, pyarrow": "pandas.read_csv, engine pyarrow",
}


def speed(folder: Path, size: float, with_tensorboard: bool) -> Part:
    """Seconds and memory beside the rivals."""
    rows, targets = [], []
    for name, log, wanted, found in compared(folder, size, with_tensorboard):
        ours, bytes_there = found["ours"], _bytes(log)
        rows += [[name, *_row(how, made, ours, bytes_there)] for how, made in found.items()]
        rival = next(how for how in found if how != "ours")
        times, grown = _times(ours, found[rival]), _median(ours, "grown")
        targets += [
            Target(f"{name}: beside {NAMES[rival]}", f"≥ {wanted:g} ×", f"{times:.2f} ×", times >= wanted),
            Target(
                f"{name}: memory",
                f"≤ {TIMES_FILE:g} × the file",
                f"{grown / bytes_there:.1f} ×",
                grown <= TIMES_FILE * bytes_there,
            ),
        ]
    head = ["log", "read by", "points", "s", "CPU s", "beside ours", "grows by, MB", "of the file", "of our curves"]
    return "## Beside the others\n\n" + TOLD + table(head, rows), targets


TOLD = (
    f"Medians of {REPEATS} readings each, turn about, every one in a process of its own that had read a small log before. *CPU s*: of "
    "all threads, and of the system for them; promises are judged by it, as it hardly depends on what else the machine does, and "
    "a reading alone on it takes no longer. *Beside ours*: the median over the rounds of their CPU time by ours. *Grows by*: the most "
    "memory the process had while it read, less what it had before; beside the bytes of the log, and of the curves we make of it "
    "(step, value and time of every point; steps that curves share are counted once a curve).\n\n"
)


def _row(how: str, made: list[Measured], ours: list[Measured], size: int) -> list[str]:
    grown, result = _median(made, "grown"), ours[0]["result"]
    return [NAMES[how], f"{ours[0]['points']:,}", f"{_median(made, 'seconds'):.3f}", f"{_median(made, 'busy'):.3f}",
            "" if how == "ours" else f"{_times(ours, made):.2f} ×",
            f"{grown / 1e6:.0f}", f"{grown / size:.1f} ×", f"{grown / result:.1f} ×"]  # fmt: skip


def _bytes(log: Path) -> int:
    return sum(p.stat().st_size for p in ([log] if log.is_file() else log.rglob("*")) if p.is_file())


def of_tools(folder: Path, size: float, with_tensorboard: bool) -> list[Path]:
    """Logs of about 10 MB × ``size`` as tools lay them out."""

    def rows(bytes_a_row: float) -> int:
        return max(100, round(10 * logs.MB * size / bytes_a_row))

    events = [logs.events(folder / "events", rows(52))] if with_tensorboard else []
    return [
        *events,
        tools.wandb(folder / "run.wandb", rows(135)),
        tools.mlflow(folder / "mlruns", rows(157)),
        tools.run_folder(folder / "own run folder", rows(25)),
    ]


def verdicts(folder: Path, size: float, with_tensorboard: bool) -> Part:
    """From a file to a verdict."""
    big, small = folder / "ten", folder / "small"
    big.mkdir(), small.mkdir()
    every = [[*logs.ten_megabytes(f, s), *of_tools(f, s, with_tensorboard)] for f, s in ((big, size), (small, QUICK))]
    rows, targets = [], []
    for log, warm_up in zip(*every, strict=True):
        made = [measure("verdict", log, warm_up) for _ in range(REPEATS if size == 1 else 1)]
        busy, there = _median(made, "busy"), _bytes(log)
        grown = _median(made, "grown")
        rows.append([log.name, f"{there / 1e6:.1f}", f"{made[0]['points']:,}", f"{_median(made, 'seconds'):.2f}",
                     f"{busy:.2f}", f"{grown / 1e6:.0f}", f"{grown / there:.1f} ×"])  # fmt: skip
        goal = Target(f"{log.name}: a verdict", f"≤ {VERDICT:g} s", f"{busy:.2f} s", busy <= VERDICT)
        targets.append(goal)
    head = ["log", "MB", "points", "read and judged, s", "CPU s", "grows by, MB", "of the file"]
    return "## From a log of 10 MB to a verdict\n\n" + table(head, rows), targets


def heading(with_tensorboard: bool) -> str:
    """Command, date, machine and versions, so that the numbers can be judged and had again."""
    packages = ["numpy", "pandas", "pyarrow", *(["tensorboard", "protobuf"] if with_tensorboard else [])]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    command = " ".join(["python -m benchmarks.readers", *sys.argv[1:]])
    lines = [
        "# What reading a log costs",
        f"`{command}`, {time.strftime('%d %B %Y, %H:%M %Z')}; written by this command, so change the code and not this page.",
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {versions}.",
    ]
    lines += [] if with_tensorboard else ["TensorBoard is not installed here, so its part is skipped."]
    return "\n\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of a few seconds; its numbers mean nothing")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write what is printed to FILE")
    given = parser.parse_args()
    os.environ.pop("OMP_NUM_THREADS", None)  # as in a user's shell: Arrow counts its threads by it
    size, with_tensorboard = QUICK if given.quick else 1, util.find_spec("tensorboard") is not None
    said = [heading(with_tensorboard)]
    with tempfile.TemporaryDirectory(prefix="curvewise-reading-") as folder:
        parts = [speed(Path(folder), size, with_tensorboard), verdicts(Path(folder), size, with_tensorboard)]
        listed = listing.part(Path(folder), size, REPEATS if size == 1 else 1)
    targets = [target for _, found in parts for target in found]
    said += [*(text for text, _ in parts), listed]
    said.append("## Promises\n\n" + table(["promise", "goal", "measured", ""], [target.row() for target in targets]))
    print("\n".join(said), end="")
    if given.write:
        given.write.write_text("\n".join(said))
    sys.exit(0 if all(target.met is not False for target in targets) else 1)


if __name__ == "__main__":
    main()
