"""What does the collector cost, and what does it lose? Ours beside TensorBoard, Trackio and W&B, measured in one run.

``python -m benchmarks.collector`` takes about fifteen minutes and prints tables and whether each promise is met; it exits with 1
when one is missed. The peers come with ``pip install -e '.[bench]'``; one that is not installed is said and skipped.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from benchmarks.collector_cost import call, child, kill, report, share, targets
from benchmarks.collector_cost.tools import OURS_OPTIMIZER, PEERS, TOOLS, missing

KILLS = 200  # runs of the storm
QUICK = 0.01  # share of steps, seconds and kills in a smoke run

Part = tuple[str, list[targets.Target]]


def cost(folder: Path, tools: list[str], size: float) -> Iterator[Part]:
    """Calls, disk, shares, memory and a few kills of every tool."""
    values = {kind: str(folder / f"{kind}.npy") for kind in ("curve", "noise")}
    child.run("curve", folder, steps=round(call.STEPS["tight"] * size) + 2 * call.WARM_UP)
    calls = call.measure(folder, tools, values, size)
    yield report.calls(calls), targets.of_calls(calls)
    shares = []
    for network, tool, seconds in share.plan(tools) if size == 1 else share.plan([], ["tiny MLP"])[:1]:
        found = child.run("share", folder / f"{network}-{tool}", network=network, tool=tool, seconds=seconds * size)
        shares.append({"network": network, "tool": tool, **found})
    yield report.shares(shares), targets.of_shares(shares)
    rows, width = round(200_000 * size), 512 if size == 1 else 64
    yield report.memory(child.run("memory", folder / "memory", rows=rows, width=width)), []
    yield report.sizes(call.disk(folder, tools, values, size)), []
    kills = kill.measure(folder, [t for t in tools if t not in ("nothing", OURS_OPTIMIZER)], size)
    yield report.kills(kills), targets.of_kills(kills)


def storm(folder: Path, kills: int) -> Iterator[Part]:
    """Many kills of ours."""
    found = child.run("storm", folder / "storm", kills=kills)
    yield report.storm(found), targets.of_storm(found)


def heading(absent: list[str]) -> str:
    """Command, date, machine and versions, so that the numbers can be judged and had again."""
    versions = [f"{name} {metadata.version(name)}" for name in ("torch", "numpy", "pyarrow")]
    versions += [f"{package} {metadata.version(package)}" for tool, package in PEERS.items() if tool not in absent]
    given = " ".join(arg for arg in sys.argv[1:])
    lines = [
        "# What the collector costs",
        f"`python -m benchmarks.collector {given}`".replace(" `", "`")
        + f", {time.strftime('%d %B %Y, %H:%M %Z')}; written by this command, so change the code and not this page.",
        f"{_processor()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start, {platform.system()} {platform.release()}, Python {platform.python_version()}; "
        + ", ".join(versions)
        + ".",
    ]
    lines += [f"Not installed here, so skipped: {', '.join(absent)}."] if absent else []
    return "\n\n".join(lines) + "\n"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def measured(parts: Iterator[Part], say: Callable[[str], None]) -> bool:
    """Say each part as it is done, then the targets; whether none was missed."""
    judged = []
    for text, found in parts:
        say("\n" + text)
        judged += found
    say("\n## Promises\n\n" + report.table(["promise", "goal", "measured", ""], [target.row() for target in judged]))
    return all(target.met is not False for target in judged)


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collector", description=__doc__)
    parser.add_argument(
        "--kills", type=int, metavar="N", help=f"only kill our collector, in N runs (else {KILLS} at the end)"
    )
    parser.add_argument("--quick", action="store_true", help="a smoke run of a few seconds; its numbers mean nothing")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write what is printed to FILE")
    given = parser.parse_args()
    absent, said = missing(), []

    def say(text: str) -> None:
        said.append(text)
        print(text, end="", flush=True)

    say(heading(absent))
    with tempfile.TemporaryDirectory(prefix="curvewise-cost-") as folder:
        met = measured(_parts(Path(folder), given, absent), say)
    if given.write:
        given.write.write_text("".join(said))
    sys.exit(0 if met else 1)


def _parts(folder: Path, given: argparse.Namespace, absent: list[str]) -> Iterator[Part]:
    size = QUICK if given.quick else 1
    if given.kills is None:
        yield from cost(folder, [tool for tool in TOOLS if tool not in absent], size)
    yield from storm(folder, given.kills or max(9, round(KILLS * size)))


if __name__ == "__main__":
    main()
