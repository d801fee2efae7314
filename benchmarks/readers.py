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
from benchmarks.reading import logs
from benchmarks.reading.once import measure

REPEATS = 7  # readings of each, turn about
SCALARS, CSV_ROWS = 200_000, 1_000_000
TIMES_FASTER = 10.0  # than TensorBoard
VERDICT = 2.0  # s, of a log of 10 MB
TIMES_RESULT = 6.0  # bytes a byte of the result, at the most
FLOOR = 16e6  # bytes: a window of the file and what is made of it
QUICK = 0.01  # share of the sizes in a smoke run

Part = tuple[str, list[Target]]
Measured = dict[str, Any]


def beside(log: Path, small: Path, rival: str, repeats: int) -> dict[str, Measured]:
    """Median seconds, and the largest growth, of ours and the rival's, measured turn about."""
    found: dict[str, list[Measured]] = {"ours": [], rival: []}
    for _ in range(repeats):
        for how, made in found.items():
            made.append(measure(how, log, small))
    return {
        how: made[0] | {"seconds": _median(made, "seconds"), "grown": max(m["grown"] for m in made)}
        for how, made in found.items()
    }


def _median(made: list[Measured], name: str) -> float:
    return statistics.median(m[name] for m in made)


def compared(
    folder: Path, size: float, with_tensorboard: bool
) -> Iterator[tuple[str, str, float, dict[str, Measured]]]:
    """Name, rival, times as fast as it we must be, and what was measured."""
    repeats = REPEATS if size == 1 else 1
    if with_tensorboard:
        for tensors, name in ((False, "scalars as torch writes them"), (True, "scalars as TensorFlow 2 writes them")):
            log = logs.events(folder / f"events-{tensors}", round(SCALARS * size), tensors)
            small = logs.events(folder / f"small-{tensors}", 50, tensors)
            name = f"event file, {round(SCALARS * size):,} {name}"
            yield name, "accumulator", TIMES_FASTER, beside(log, small, "accumulator", repeats)
    rows = round(CSV_ROWS * size)
    for made, name in ((logs.narrow(rows), "2 columns"), (logs.wide(rows // 5), "8 columns")):
        log, small = folder / "log.csv", folder / "small.csv"
        made.to_csv(log, index=False)
        made.head(100).to_csv(small, index=False)
        name = f"CSV, {len(made):,} rows, {name}"
        yield name, "pandas", 1.0, beside(log, small, "pandas", repeats)


NAMES = {"accumulator": "EventAccumulator", "pandas": "pandas.read_csv"}


def speed(folder: Path, size: float, with_tensorboard: bool) -> Part:
    """Seconds and memory beside the rivals."""
    rows, targets = [], []
    for name, rival, wanted, found in compared(folder, size, with_tensorboard):
        ours, theirs = found["ours"], found[rival]
        times = theirs["seconds"] / ours["seconds"]
        most = max(TIMES_RESULT * ours["result"], FLOOR)
        rows.append([name, f"{ours['points']:,}", f"{ours['seconds']:.3f}", f"{theirs['seconds']:.3f}", f"{times:.1f} ×",
                     *(f"{m / 1e6:.0f}" for m in (ours["result"], ours["grown"], theirs["grown"]))])  # fmt: skip
        targets.append(Target(f"{name}: beside {NAMES[rival]}", f"≥ {wanted:g} ×", f"{times:.2f} ×", times >= wanted))
        grown = f"{ours['grown'] / 1e6:.0f} MB"
        targets.append(Target(f"{name}: memory", f"≤ {most / 1e6:.0f} MB", grown, ours["grown"] <= most))
    head = ["log", "points", "ours, s", "theirs, s", "as fast", "our curves, MB", "we grow by, MB", "they grow by, MB"]
    told = f"Medians of {REPEATS} readings each, turn about, every one in a process of its own that had read a small log before.\n\n"
    return "## Beside the others\n\n" + told + table(head, rows), targets


def verdicts(folder: Path, size: float) -> Part:
    """From a file to a verdict."""
    (folder / "ten").mkdir(), (folder / "small").mkdir()
    rows, targets = [], []
    small = logs.ten_megabytes(folder / "small", QUICK)
    for log, warm_up in zip(logs.ten_megabytes(folder / "ten", size), small, strict=True):
        made = [measure("verdict", log, warm_up) for _ in range(3 if size == 1 else 1)]
        seconds = _median(made, "seconds")
        rows.append([log.name, f"{log.stat().st_size / 1e6:.1f}", f"{made[0]['points']:,}", f"{seconds:.2f}"])
        goal = Target(f"{log.name}: a verdict", f"≤ {VERDICT:g} s", f"{seconds:.2f} s", seconds <= VERDICT)
        targets.append(goal)
    head = ["log", "MB", "points", "read and judged, s"]
    return "## From a file of 10 MB to a verdict\n\n" + table(head, rows), targets


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
        parts = [speed(Path(folder), size, with_tensorboard), verdicts(Path(folder), size)]
    targets = [target for _, found in parts for target in found]
    said += [text for text, _ in parts]
    said.append("## Promises\n\n" + table(["promise", "goal", "measured", ""], [target.row() for target in targets]))
    print("\n".join(said), end="")
    if given.write:
        given.write.write_text("\n".join(said))
    sys.exit(0 if all(target.met is not False for target in targets) else 1)


if __name__ == "__main__":
    main()
