"""What was measured, as a page: tables, and each promise beside it."""

import math
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata

import psutil

from benchmarks.collector_cost.report import table
from benchmarks.collector_cost.targets import Target
from benchmarks.dashboard_speed.live import FAST, RELOAD, SLOW, Kind, Live
from benchmarks.dashboard_speed.openings import STRETCH, Waits
from benchmarks.dashboard_speed.soak import AHEAD, Spell

MEDIAN, P95 = 0.3, 0.8  # s, from log to pixels with one tab
LISTED = 3.0  # s, ten thousand runs, warm
BEHIND = 3.0  # s, the slowest of twenty tabs
MEMORY, SHARE = 1_000.0, 0.5  # MB and cores, the server of twenty tabs
QUIET = 0.25  # of each processor, busy with other things before it begins
GROWS = 1.1  # times, what a soak may take at its end of what it took after its first sixth
HEAP_GROWS = 1.2  # the page's: plotly.js remembers the sizes of up to 10,000 labels, some 5 MB, before it begins anew

Shown = tuple[str, list[Target]]


@dataclass(frozen=True)
class Sizes:
    """How much is measured: repetitions, rows of the long run, runs listed, of them by TensorBoard, tabs, seconds live, minutes of the soak."""

    repeats: int
    rows: int
    runs: int
    fewer: int
    tabs: int
    seconds: float
    soak: float = 0


def heading(peer: bool) -> str:
    """Command, date, machine and versions."""
    packages = ["streamlit", "plotly", "playwright", *(["tensorboard", "tensorboard-data-server"] if peer else [])]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    command = " ".join(["python -m benchmarks.dashboard", *sys.argv[1:]])
    share = os.getloadavg()[0] / (os.cpu_count() or 1)
    lines = [
        "# How soon the dashboard shows it",
        f"`{command}`, {time.strftime('%d %B %Y, %H:%M %Z')}; written by this command, so change the code and not this page.",
        f"{os.cpu_count()} processors, {psutil.virtual_memory().total / 1e9:.0f} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {versions}. Chromium without a window and without a graphics card, 1440 × 900; server, browser "
        "and training share the processors.",
        f"Load before the first part {_load()}: the machine was {'quiet' if share <= QUIET else '**busy with other things**'}. The load beside a table "
        "is that when the part was done, with what the part itself took: much above the number of processors, times say little, and only ours "
        "beside TensorBoard's can be read.",
        "Times are on the clock, from the start of the navigation to the second frame after the curve or table is there. *Nothing cached*: a new "
        "browser profile.",
    ]
    lines += [] if peer else ["TensorBoard is not installed here, so it is left out."]
    return "\n\n".join(lines) + "\n"


def promises(targets: Sequence[Target]) -> str:
    """Each promise and whether it is met."""
    rows = [target.row() for target in targets]
    return f"## Promises (load {_load()} at the end)\n\n" + table(["promise", "goal", "measured", ""], rows)


def ended(name: str, shown: Shown, minutes: float, why: str) -> Shown:
    """How long a part took; where it was cut short, that and why."""
    text, targets = shown
    if not why:
        return f"{text}\nThis part took {minutes:.1f} min.\n", targets
    cut = Target(f"the part `{name}` comes to its end", "", why, False)
    return f"{text}\n**What is missing here was not measured: after {minutes:.1f} min, {why}.**\n", [*targets, cut]


def brief(piece: Waits | Live | Spell) -> str:
    """One figure as it is made, for who waits."""
    if isinstance(piece, Waits):
        return f"{piece.what}, {piece.of}: {piece.median:.2f} s"
    if isinstance(piece, Live):
        return f"{piece.what}: median {piece.median:.2f} s, longest {piece.longest:.2f} s"
    return f"{piece.minutes:.0f} min: server {piece.live.memory:.0f} MB, page {piece.heap:.1f} MB"


def first(waits: Sequence[Waits], size: Sizes) -> Shown:
    """The samples."""
    text = (
        f"## The samples (load {_load()})\n\n*An empty Streamlit page* is what Streamlit itself takes to show one line of text: nothing made "
        "with it is sooner.\n\n"
    )
    return text + _table(waits), []


def long(waits: Sequence[Waits], size: Sizes) -> Shown:
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


def listed(waits: Sequence[Waits], size: Sizes) -> Shown:
    """Thousands of runs."""
    warm = [
        w for w in waits if w.of == "ours" and ("cached" in w.what or "before" in w.what) and "command" not in w.what
    ]
    text = (
        f"## Thousands of runs (load {_load()})\n\nOurs: until the table says how many there are and shows the first hundred. TensorBoard, on "
        f"{size.fewer:,} of them: until its list of runs is there.\n\n" + _table(waits)
    )
    return text, [_below(f"{w.what}: listed warm", w.median, LISTED, "s") for w in warm]


def pixels(found: Sequence[Live], size: Sizes) -> Shown:
    """New points in one tab."""
    text = (
        f"## From `log` returned to pixels (load {_load()})\n\nOf every row: seconds until it, or a later one, is on the screen; *longest* is "
        f"how far the tab was behind at the most. TensorBoard gets a row every {FAST:g} s; its page never asks again unless told to, and then every "
        f"{RELOAD} s at the most; its rows are flushed at once. Server: cores busy and memory, with all that it started.\n\n"
        + _lives(found)
    )
    slow = [live for live in found if live.kind is Kind.ALONE and live.pause == SLOW]
    targets = [_below("one tab, new point to pixels: median", live.median, MEDIAN, "s") for live in slow]
    return text, targets + [_below("one tab, new point to pixels: p95", live.p95, P95, "s") for live in slow]


def tabs(found: Sequence[Live], size: Sizes) -> Shown:
    """New points in many tabs."""
    text = (
        f"## {size.tabs} tabs on a live run (load {_load()})\n\nA row every {FAST:g} s. First {size.tabs} tabs in one window of one browser, of which "
        "one is in sight, as a browser has them: how far that one is behind, and how soon each of the others shows all that has been logged when "
        f"it is turned to. Then {size.tabs} sessions that speak to the server as a tab in sight does and note when they are sent a row, as if each tab "
        "were drawn on a machine of its own: the server's work, apart from that of drawing. (Drawn in sight on this machine, all of them, "
        "they would wait for its processors, and not for the server.)\n\n" + _lives(found)
    )
    targets = []
    for live in found:
        targets.append(_below(f"{live.what}: behind at the most", live.longest, BEHIND, "s"))
        if live.kind is Kind.SESSION:
            targets.append(_below(f"server of {size.tabs} sessions in sight: memory", live.memory, MEMORY, "MB"))
            targets.append(
                _below(f"server of {size.tabs} sessions in sight: processor", live.processor, SHARE, "cores")
            )
    return text, targets


def soaked(spells: Sequence[Spell], size: Sizes) -> Shown:
    """What a long watch takes, part by part."""
    rows = [
        [f"{s.minutes:.0f}", f"{s.live.median:.2f}", f"{s.live.p95:.2f}", f"{s.live.processor:.2f}", f"{s.live.memory:.0f}",
         str(s.threads), str(s.files), f"{s.heap:.1f}", f"{s.nodes:,}", f"{s.listeners:,}"]
        for s in spells
    ]  # fmt: skip
    head = ["minutes", "median s", "p95 s", "server, cores", "server, MB", "threads", "open files"]
    text = (
        f"## One tab for a long time (load {_load()})\n\nA row every {SLOW:g} s, after {AHEAD:,} that were there before. The page's heap is "
        "taken after its garbage was collected.\n\n" + table([*head, "page's heap, MB", "DOM nodes", "listeners"], rows)
    )
    return text, list(_growth(spells)) if spells else []


def _growth(spells: Sequence[Spell]) -> Iterator[Target]:
    """The end of a watch beside the end of its first sixth."""
    early, late = spells[min(len(spells) // 6, len(spells) - 1)], spells[-1]
    held: dict[str, tuple[Callable[[Spell], float], float]] = {
        "the server's memory": (lambda s: s.live.memory, GROWS),
        "the server's threads": (lambda s: s.threads, GROWS),
        "the server's open files": (lambda s: s.files, GROWS),
        "the page's heap": (lambda s: s.heap, HEAP_GROWS),
        "the page's DOM nodes": (lambda s: s.nodes, GROWS),
    }
    for name, (of, goal) in held.items():
        what = f"a watch of {late.minutes:.0f} min: {name}, of what it was at {early.minutes:.0f} min"
        yield _below(what, of(late) / of(early), goal, "×")


def _table(waits: Iterable[Waits]) -> str:
    rows = [
        [w.what, w.of, f"{w.median:.2f}", f"{min(w.seconds):.2f} … {max(w.seconds):.2f}", str(len(w.seconds))]
        for w in waits
    ]
    return table(["", "by", "median s", "from … to", "times"], rows)


def _lives(found: Iterable[Live]) -> str:
    return table(
        ["", "rows", "median s", "p95 s", "longest s", "server, cores", "server, MB"], [_line(live) for live in found]
    )


def _line(live: Live) -> list[str]:
    """A row of the table; the server is not looked at where it is of no interest."""
    waits = [f"{wait:.2f}" for wait in (live.median, live.p95, live.longest)]
    server = ["", ""] if math.isnan(live.processor) else [f"{live.processor:.2f}", f"{live.memory:.0f}"]
    return [live.what, f"{len(live.waits):,}", *waits, *server]


def _below(name: str, measured: float, goal: float, unit: str) -> Target:
    return Target(name, f"≤ {goal:g} {unit}", f"{measured:.2f} {unit}", measured <= goal)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"
