"""How soon does the dashboard show it? Ours in a real browser, beside TensorBoard on the same data in the same run.

``python -m benchmarks.dashboard --soak 60 --write docs/speed.md`` is the whole: half an hour, and an hour for the soak. Each part runs in a process
of its own and has a time limit; what it had found before one cut it short is kept. Printed are tables and whether each promise is met; it exits with
1 when one is missed or a part was cut short. It needs Chromium or Chrome; TensorBoard comes with ``pip install -e '.[bench]'``.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import util
from pathlib import Path
from typing import Any

from app.sources import ROOT
from benchmarks import many_runs
from benchmarks.collector_cost.targets import Target
from benchmarks.dashboard_speed import crowd, data, limit, live, many, openings, page, soak
from benchmarks.dashboard_speed.browser import browser
from benchmarks.dashboard_speed.page import Sizes

FULL = Sizes(repeats=5, rows=1_000_000, runs=10_000, fewer=1_000, tabs=20, seconds=60)
QUICK = Sizes(repeats=1, rows=20_480, runs=50, fewer=20, tabs=3, seconds=5)


def first(home: Path, size: Sizes, peer: bool) -> Iterator[openings.Waits]:
    """The sample runs."""
    with browser() as made:
        yield from openings.samples(made, home, size.repeats)
        if peer:
            samples = [path for path in sorted((ROOT / "sample_runs").iterdir()) if (path / "run.json").is_file()]
            data.copied(samples, home / "samples")
            yield from openings.samples_beside(made, home / "samples", home, size.repeats)


def long(home: Path, size: Sizes, peer: bool) -> Iterator[openings.Waits]:
    """A long run."""
    runs, logs = home / "runs", home / "logs"
    data.long_run(runs, logs, size.rows)
    with browser() as made:
        yield from openings.long_run(made, runs, home, size.rows, size.repeats)
        for every_point in (False, True) if peer else ():
            repeats = 1 if every_point else size.repeats  # a minute each
            yield from openings.long_beside(made, logs, home, size.rows, repeats, every_point)


def listed(home: Path, size: Sizes, peer: bool) -> Iterator[openings.Waits]:
    """Thousands of runs."""
    runs, logs = home / "runs", home / "logs"
    many_runs.make(runs, size.runs)
    yield many.indexed(runs, home, size.runs)
    with browser() as made:
        yield from many.ours(made, runs, home, size.runs, size.repeats)
        if peer:
            data.copied(sorted(runs.iterdir())[: size.fewer], logs)
            yield from many.beside(made, logs, home, size.fewer, size.repeats)


def pixels(home: Path, size: Sizes, peer: bool) -> Iterator[live.Live]:
    """A new point in one tab."""
    with browser() as made:
        yield live.one_tab(made, home, live.SLOW, size.seconds)
        yield live.one_tab(made, home, live.FAST, size.seconds)
        if peer:
            yield live.beside(made, home, size.seconds)


def tabs(home: Path, size: Sizes, peer: bool) -> Iterator[live.Live]:
    """A new point in many tabs."""
    yield from crowd.one_browser(home, size.tabs, size.seconds)
    yield from crowd.sessions(home, size.tabs, size.seconds)


def soaked(home: Path, size: Sizes, peer: bool) -> Iterator[soak.Spell]:
    """One tab for a long time."""
    with browser() as made:
        yield from soak.soak(made, home, size.soak)


@dataclass(frozen=True)
class Part:
    """What yields its figures, what makes a page of them, and the minutes after which it is cut short: about twice what it takes."""

    measure: Callable[[Path, Sizes, bool], Iterator[Any]]
    show: Callable[[Sequence[Any], Sizes], page.Shown]
    minutes: float


PARTS = {
    "first": Part(first, page.first, 5),
    "long": Part(long, page.long, 10),
    "listed": Part(listed, page.listed, 10),
    "pixels": Part(pixels, page.pixels, 6),
    "tabs": Part(tabs, page.tabs, 8),
}


def parts(given: argparse.Namespace) -> dict[str, Part]:
    """Those asked for."""
    found = {name: PARTS[name] for name in (PARTS if given.only is None else given.only)}
    return found | ({"soak": Part(soaked, page.soaked, given.soak + 10)} if given.soak else {})


def measured(name: str, part: Part, size: Sizes, peer: bool) -> page.Shown:
    """Text and promises of a part, of as much of it as there is."""
    pieces, why, began = [], "", time.monotonic()
    with tempfile.TemporaryDirectory(prefix="curvewise-speed-", ignore_cleanup_errors=True) as home:
        try:
            for piece in limit.within(part.minutes, part.measure, Path(home), size, peer):
                pieces.append(piece)
                print(f"{name}: {page.brief(piece)}", file=sys.stderr, flush=True)
        except limit.CutShort as cut:
            why = str(cut)
    return page.ended(name, part.show(pieces, size), (time.monotonic() - began) / 60, why)


def main() -> None:
    """Measure, print, judge; what is there already is written after every part."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of some minutes; its numbers mean nothing")
    parser.add_argument(
        "--only", nargs="*", choices=PARTS, help="parts to measure; none, with --soak, for the soak alone"
    )
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES", help="also watch a live run for so long")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write what is printed to FILE")
    given = parser.parse_args()
    peer, size = util.find_spec("tensorboard") is not None, replace(QUICK if given.quick else FULL, soak=given.soak)
    said, targets = [page.heading(peer)], list[Target]()
    for name, part in parts(given).items():
        text, found = measured(name, part, size, peer)
        said.append(text)
        targets += found
        print(text, flush=True)
        if given.write:
            given.write.write_text("\n".join([*said, page.promises(targets)]))
    print(page.promises(targets), end="")
    sys.exit(0 if all(target.met is not False for target in targets) else 1)


if __name__ == "__main__":
    main()
