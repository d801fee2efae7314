"""What was measured, as a page: tables, and each promise beside it."""

import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata

from benchmarks.collector_cost.report import table
from benchmarks.collector_cost.targets import Target
from benchmarks.dashboard_speed.live import FAST, RELOAD, Live, Spell
from benchmarks.dashboard_speed.openings import STRETCH, Waits

MEDIAN, P95 = 0.3, 0.8  # s, from log to pixels with one tab
LISTED = 3.0  # s, ten thousand runs, warm
BEHIND = 3.0  # s, the slowest of twenty tabs
MEMORY, SHARE = 1_000.0, 0.5  # MB and cores, the server of twenty tabs
GROWS = 1.1  # times, what a soak may take at its end of what it took after its first sixth

Part = tuple[str, list[Target]]


@dataclass(frozen=True)
class Sizes:
    """How much is measured: repetitions, rows of the long run, runs listed, of them by TensorBoard, tabs, seconds live."""

    repeats: int
    rows: int
    runs: int
    fewer: int
    tabs: int
    seconds: float


def heading(peer: bool) -> str:
    """Command, date, machine and versions."""
    packages = ["streamlit", "plotly", "playwright", *(["tensorboard", "tensorboard-data-server"] if peer else [])]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    command = " ".join(["python -m benchmarks.dashboard", *sys.argv[1:]])
    lines = [
        "# How soon the dashboard shows it",
        f"`{command}`, {time.strftime('%d %B %Y, %H:%M %Z')}; written by this command, so change the code and not this page.",
        f"{os.cpu_count()} processors, load {_load()} at the start, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {versions}. Chromium without a window and without a graphics card, 1440 × 900; server, browser "
        "and training share the processors.",
        "Times are on the clock, from the start of the navigation to the second frame after the curve or table is there. *Nothing cached*: a new "
        "browser profile. The load beside a table is that of the whole machine when the table was made: much above the number of processors, "
        "times say little, and only ours beside TensorBoard's can be read.",
    ]
    lines += [] if peer else ["TensorBoard is not installed here, so it is left out."]
    return "\n\n".join(lines) + "\n"


def promises(targets: Sequence[Target]) -> str:
    """Each promise and whether it is met."""
    return "## Promises\n\n" + table(["promise", "goal", "measured", ""], [target.row() for target in targets])


def first(waits: Sequence[Waits]) -> Part:
    """The samples."""
    return f"## The samples (load {_load()})\n\n" + _table(waits), []


def long(waits: Sequence[Waits], size: Sizes) -> Part:
    """The long run, with the ratio to TensorBoard's."""
    text = (
        f"## A run of {size.rows:,} steps (load {_load()})\n\nOurs holds five curves of {size.rows:,} points, judges them, and draws the extremes of every "
        "pixel; TensorBoard's Scalars hold one of the five and draw a random 1,000 of its points (its default), or every one of them "
        f"(`--samples_per_plugin scalars={10_000_000}`). A zoom in TensorBoard shows no further points: of its 1,000 a stretch of a "
        f"hundredth holds ten, ours all {round(size.rows * STRETCH):,} or their extremes.\n\n" + _table(waits)
    )
    ours = [w for w in waits if w.of == "ours"]
    targets = [
        _below(f"{mine.what}: beside {theirs.of}", mine.median / theirs.median, 1.0, "×")
        for mine in ours
        for theirs in waits
        if theirs.of.endswith("every point") and theirs.what == mine.what
    ]
    return text, targets


def listed(waits: Sequence[Waits], size: Sizes) -> Part:
    """Thousands of runs."""
    warm = [w for w in waits if w.of == "ours" and "command" not in w.what]
    text = (
        f"## Thousands of runs (load {_load()})\n\nOurs: until the table says how many there are and shows the first hundred. TensorBoard, on "
        f"{size.fewer:,} of them: until its list of runs is there.\n\n" + _table(waits)
    )
    return text, [_below(f"{w.what}: listed warm", w.median, LISTED, "s") for w in warm]


def pixels(alone: Sequence[Live], theirs: Sequence[Live], crowd: Sequence[Live], nothing_drawn: Sequence[Live]) -> Part:
    """New points."""
    slowest, quietest = crowd[0], nothing_drawn[0]
    rows = [_line(live.what, live) for live in (*alone, *theirs)]
    rows += [
        _line(f"ours, the slowest of {len(crowd)} tabs", slowest),
        _line(f"ours, the quickest of {len(crowd)} tabs", crowd[-1]),
    ]
    rows += [_line(f"ours, the slowest of {quietest.what}", quietest)]
    text = (
        f"## From `log` returned to pixels (load {_load()})\n\nOf every row: seconds until it, or a later one, is on the screen. "
        f"Where not said otherwise a row every {FAST:g} s; *longest* is how far a tab was behind at the most. TensorBoard's page "
        f"never asks again unless told to, and then every {RELOAD} s at the most; its rows are flushed at once. Many tabs are browser "
        "profiles of their own, and their drawing takes the processors from the server; *nothing drawn* are as many sessions that take what a tab is "
        "sent, so that the server is seen alone. Server: cores busy and memory, with all that it started.\n\n"
        + table(["", "rows", "median s", "p95 s", "longest s", "server, cores", "server, MB"], rows)
    )
    targets = [
        _below("one tab, new point to pixels: median", alone[0].median, MEDIAN, "s"),
        _below("one tab, new point to pixels: p95", alone[0].p95, P95, "s"),
        _below(f"the slowest of {len(crowd)} tabs is behind", max(slowest.waits), BEHIND, "s"),
        _below(f"server of {len(crowd)} tabs: memory", slowest.memory, MEMORY, "MB"),
        _below(f"server of {len(crowd)} tabs: processor", slowest.processor, SHARE, "cores"),
        _below(f"the slowest of {quietest.what}, is behind", max(quietest.waits), BEHIND, "s"),
    ]
    return text, targets


def soaked(spells: Sequence[Spell]) -> Part:
    """What a long watch takes, part by part."""
    rows = [
        [f"{s.minutes:.0f}", f"{s.live.median:.2f}", f"{s.live.p95:.2f}", f"{s.live.processor:.2f}", f"{s.live.memory:.0f}", f"{s.page:.0f}"]
        for s in spells
    ]  # fmt: skip
    head = ["minutes", "median s", "p95 s", "server, cores", "server, MB", "page's heap, MB"]
    text = f"## One tab for a long time (load {_load()})\n\nA row every {FAST:g} s.\n\n" + table(head, rows)
    early, late = spells[min(len(spells) // 6, len(spells) - 1)], spells[-1]
    return text, [_below("a long watch: the server's memory grows", late.live.memory / early.live.memory, GROWS, "×")]


def _table(waits: Iterable[Waits]) -> str:
    rows = [
        [w.what, w.of, f"{w.median:.2f}", f"{min(w.seconds):.2f} … {max(w.seconds):.2f}", str(len(w.seconds))]
        for w in waits
    ]
    return table(["", "by", "median s", "from … to", "times"], rows)


def _line(what: str, live: Live) -> list[str]:
    figures = [
        f"{live.median:.2f}",
        f"{live.p95:.2f}",
        f"{max(live.waits):.2f}",
        f"{live.processor:.2f}",
        f"{live.memory:.0f}",
    ]
    return [what, f"{len(live.waits):,}", *figures]


def _below(name: str, measured: float, goal: float, unit: str) -> Target:
    return Target(name, f"≤ {goal:g} {unit}", f"{measured:.2f} {unit}", measured <= goal)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"
