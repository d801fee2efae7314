"""From ``log`` returned to pixels: one tab, TensorBoard's, many tabs, and for a long time."""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from app.sources import ROOT
from benchmarks.dashboard_speed import browser as tabs
from benchmarks.dashboard_speed.openings import wait_for_step
from benchmarks.dashboard_speed.servers import Server, dashboard, tensorboard

FAST, SLOW = 0.1, 1.5  # s between two rows
RELOAD = 15  # s: the shortest at which TensorBoard's page can be told to ask again; by default it never does
PATH = "/diagnosis?run=live"
FOLLOW = "() => follow(document.body, 'data-last-step', () => Number(deep('.cw-chart')?.dataset.lastStep || -1))"
FOLLOW_TENSORBOARD = "() => follow(deep('vz-line-chart2').shadowRoot, 'd', () => sent)"
AUTOMATIC = f"""
window.listens = true;
try {{ localStorage.setItem("_tb_global_settings", JSON.stringify({{autoReload: true, autoReloadPeriodInMs: {RELOAD * 1000}}})); }} catch {{}}
"""

Shown = list[list[float]]  # step, s since 1970, of every painting


class Training:
    """The rows that a training has logged so far, by step: s since 1970."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.logged: dict[int, float] = {}
        self._process = process
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if line.endswith("\n"):  # the last may be cut short by the kill
                step, at = line.split()
                self.logged[int(step)] = float(at)

    def waits(self, shown: Shown, begin: float, end: float) -> list[float]:
        """Of every row logged between ``begin`` and ``end``: s until it, or a later one, was on the screen."""
        steps, times = np.array(shown).reshape(-1, 2).T
        rows = [(step, at) for step, at in list(self.logged.items()) if begin < at < end]
        found = [(np.searchsorted(steps, step), at) for step, at in rows]
        return [float(times[i] - at) if i < len(times) else float("inf") for i, at in found]


@dataclass(frozen=True)
class Live:
    """Waits in seconds for rows that came ``pause`` seconds apart; what the server took meanwhile (cores, MB)."""

    what: str
    pause: float
    waits: list[float]
    processor: float = float("nan")
    memory: float = float("nan")

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.waits)

    @property
    def p95(self) -> float:
        """That 95 % are not above."""
        return float(np.quantile(self.waits, 0.95, method="inverted_cdf"))


@contextmanager
def training(run: Path, logs: Path | None, pause: float) -> Iterator[Training]:
    """A training in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.dashboard_speed.trainer", str(run), str(logs or ""), str(pause)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        made = Training(process)
        while len(made.logged) < 3 and process.poll() is None:
            time.sleep(0.1)
        yield made
    finally:
        process.kill()
        process.wait()


def one_tab(browser: Browser, home: Path, pause: float, seconds: float) -> Live:
    """Ours, with one tab open."""
    runs = home / f"one-{pause}"
    with (
        training(runs / "live", None, pause) as made,
        dashboard(runs, home) as server,
        closing(tabs.profile(browser)) as context,
    ):
        page = context.new_page()
        tabs.opened(page, server.address + PATH, tabs.CHART)
        page.evaluate(FOLLOW)
        page.wait_for_timeout(3_000)
        return _watched(f"ours, one tab, a row every {pause:g} s", made, server, [page], pause, seconds)[0]


def beside(browser: Browser, home: Path, seconds: float) -> Live:
    """TensorBoard's page, told to ask as often as it can be told."""
    logs = home / "beside" / "logs"
    with training(home / "beside" / "runs" / "live", logs / "live", FAST) as made, tensorboard(logs, home) as server:
        wait_for_step(server, 1, "live")
        with closing(tabs.profile(browser, AUTOMATIC)) as context:
            page = context.new_page()
            tabs.opened(page, f"{server.address}/#scalars", "() => line() > 10")
            page.evaluate(FOLLOW_TENSORBOARD)
            page.wait_for_timeout(RELOAD * 1000 + 5_000)
            return _watched(f"TensorBoard, asking every {RELOAD} s", made, server, [page], FAST, seconds)[0]


def many_tabs(browser: Browser, home: Path, count: int, seconds: float) -> list[Live]:
    """Ours, each tab in a profile of its own; the slowest first."""
    runs = home / "tabs"
    with training(runs / "live", None, FAST) as made, dashboard(runs, home) as server:
        contexts = [tabs.profile(browser) for _ in range(count)]
        pages = [context.new_page() for context in contexts]
        for page in pages:  # at once: those that are open draw all the time, and would hold up the others
            page.goto(server.address + PATH, wait_until="commit")
        for page in pages:
            page.evaluate(f"() => when({tabs.CHART})")
            page.evaluate(FOLLOW)
        pages[0].wait_for_timeout(5_000)
        found = _watched("one of many tabs", made, server, pages, FAST, seconds)
        for context in contexts:
            context.close()
    return sorted(found, key=lambda live: -max(live.waits))


def _watched(
    what: str, made: Training, server: Server, pages: Sequence[Page], pause: float, seconds: float
) -> list[Live]:
    begin, before = time.time(), server.processor()
    pages[0].wait_for_timeout(1000 * seconds)
    busy = (server.processor() - before) / (time.time() - begin)
    memory, end = server.memory(), time.time()
    pages[0].wait_for_timeout(1000 * (RELOAD + 10 if server.address and "TensorBoard" in what else 5))
    return [Live(what, pause, made.waits(page.evaluate("() => shown"), begin, end), busy, memory) for page in pages]


@dataclass(frozen=True)
class Spell:
    """A part of a soak: minutes since it began, the waits in it, and what server and page hold at its end, MB."""

    minutes: float
    live: Live
    page: float


def soak(browser: Browser, home: Path, minutes: float, spells: int = 12) -> Iterator[Spell]:
    """One tab on a live run for a long time, in equal parts."""
    runs = home / "soak"
    with (
        training(runs / "live", None, FAST) as made,
        dashboard(runs, home) as server,
        closing(tabs.profile(browser)) as context,
    ):
        page = context.new_page()
        tabs.opened(page, server.address + PATH, tabs.CHART)
        page.evaluate(FOLLOW)
        began = time.time()
        for _ in range(spells):
            live = _watched("soak", made, server, [page], FAST, 60 * minutes / spells - 5)[0]
            heap = page.evaluate(
                "() => { shown.splice(0, shown.length - 1); return performance.memory.usedJSHeapSize; }"
            )
            yield Spell((time.time() - began) / 60, live, heap / 1e6)


def sessions(home: Path, count: int, seconds: float) -> list[Live]:
    """As ``many_tabs``, but nothing is drawn: the server's side alone."""
    runs = home / "sessions"
    with training(runs / "live", None, FAST) as made, dashboard(runs, home) as server:
        command = [sys.executable, "-m", "benchmarks.dashboard_speed.sessions", server.address, "live"]
        command += [str(count), str(seconds + 15)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        time.sleep(count / 2 + 10)  # until all have come, and a little
        begin, before = time.time(), server.processor()
        time.sleep(seconds)
        end, busy, memory = time.time(), (server.processor() - before) / seconds, server.memory()
        said, _ = process.communicate()
    what = f"{count} sessions, nothing drawn"
    found = [Live(what, FAST, made.waits(shown, begin, end), busy, memory) for shown in json.loads(said)]
    return sorted(found, key=lambda live: -max(live.waits))
