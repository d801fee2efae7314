"""How soon does the dashboard show it? Ours in a real browser, beside TensorBoard on the same data in the same run.

``python -m benchmarks.dashboard`` takes about half an hour, most of it for reading 10,000 runs once, and prints tables and whether each promise
is met; it exits with 1 when one is missed. ``--only`` names parts to measure; ``--soak 60`` watches a live run for an hour besides. It needs
Chromium or Chrome; TensorBoard comes with ``pip install -e '.[bench]'``.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import util
from pathlib import Path

from playwright.sync_api import Browser

from app.sources import ROOT
from benchmarks import many_runs
from benchmarks.collector_cost.targets import Target
from benchmarks.dashboard_speed import browser, data, live, many, openings, page
from benchmarks.dashboard_speed.page import Sizes

FULL = Sizes(repeats=5, rows=1_000_000, runs=10_000, fewer=1_000, tabs=20, seconds=60)
QUICK = Sizes(repeats=1, rows=20_480, runs=50, fewer=20, tabs=2, seconds=5)
Part = tuple[str, list[Target]]
Measure = Callable[[Browser, Path, Sizes, bool], Part]


def first(made: Browser, home: Path, size: Sizes, peer: bool) -> Part:
    """The sample runs."""
    waits = list(openings.samples(made, home, size.repeats))
    if peer:
        samples = [path for path in sorted((ROOT / "sample_runs").iterdir()) if (path / "run.json").is_file()]
        data.copied(samples, home / "samples")
        waits += openings.samples_beside(made, home / "samples", home, size.repeats)
    return page.first(waits)


def long(made: Browser, home: Path, size: Sizes, peer: bool) -> Part:
    """A long run."""
    runs, logs = home / "runs", home / "logs"
    data.long_run(runs, logs, size.rows)
    waits = list(openings.long_run(made, runs, home, size.rows, size.repeats))
    for every_point in (False, True) if peer else ():
        repeats = 2 if every_point and size.repeats > 2 else size.repeats  # a minute each
        waits += openings.long_beside(made, logs, home, size.rows, repeats, every_point)
    return page.long(waits, size)


def listed(made: Browser, home: Path, size: Sizes, peer: bool) -> Part:
    """Thousands of runs."""
    runs, logs = home / "runs", home / "logs"
    many_runs.make(runs, size.runs)
    many.indexed(runs, home)
    waits = list(many.ours(made, runs, home, size.runs, size.repeats))
    if peer:
        data.copied(sorted(runs.iterdir())[: size.fewer], logs)
        waits += many.beside(made, logs, home, size.fewer, size.repeats)
    return page.listed(waits, size)


def pixels(made: Browser, home: Path, size: Sizes, peer: bool) -> Part:
    """A new point, with one tab and with many."""
    alone = [live.one_tab(made, home, pause, size.seconds) for pause in (live.SLOW, live.FAST)]
    theirs = [live.beside(made, home, size.seconds)] if peer else []
    crowd = live.many_tabs(made, home, size.tabs, size.seconds)
    return page.pixels(alone, theirs, crowd, live.sessions(home, size.tabs, size.seconds))


PARTS: dict[str, Measure] = {"first": first, "long": long, "listed": listed, "pixels": pixels}


def parts(given: argparse.Namespace, peer: bool) -> Iterator[Part]:
    """Text and promises, part by part, each in a folder of its own."""
    size = QUICK if given.quick else FULL
    for name in given.only or PARTS:
        with tempfile.TemporaryDirectory(prefix="curvewise-speed-") as home, browser.browser() as made:
            yield PARTS[name](made, Path(home), size, peer)
    if given.soak:
        with tempfile.TemporaryDirectory(prefix="curvewise-speed-") as home, browser.browser() as made:
            yield page.soaked(list(live.soak(made, Path(home), given.soak)))


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of some minutes; its numbers mean nothing")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to measure")
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES", help="also watch a live run for so long")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write what is printed to FILE")
    given = parser.parse_args()
    peer = util.find_spec("tensorboard") is not None
    said, targets = [page.heading(peer)], []
    for text, found in parts(given, peer):
        said.append(text)
        targets += found
        print(text, flush=True)
    said.append(page.promises(targets))
    print(said[-1], end="")
    if given.write:
        given.write.write_text("\n".join(said))
    sys.exit(0 if all(target.met is not False for target in targets) else 1)


if __name__ == "__main__":
    main()
