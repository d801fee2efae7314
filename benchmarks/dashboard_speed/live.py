"""From ``log`` returned to pixels: ours with one tab, and TensorBoard's page."""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import Enum
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


class Kind(Enum):
    """Who waits: for what is promised."""

    ALONE = "one tab"
    PEER = "TensorBoard's page"
    FRONT = "the tab in sight of many"
    TURNED = "a tab that is turned to"
    SESSION = "one of many sessions, all in sight"


@dataclass(frozen=True)
class Live:
    """Waits in seconds for rows that came ``pause`` seconds apart; what the server took meanwhile (cores, MB)."""

    kind: Kind
    what: str
    pause: float
    waits: list[float]
    processor: float = float("nan")
    memory: float = float("nan")

    @property
    def median(self) -> float:
        """The one in the middle; NaN where no row came."""
        return statistics.median(self.waits) if self.waits else float("nan")

    @property
    def p95(self) -> float:
        """That 95 % are not above."""
        return float(np.quantile(self.waits, 0.95, method="inverted_cdf")) if self.waits else float("nan")

    @property
    def longest(self) -> float:
        """How far behind it was at the most."""
        return max(self.waits, default=float("nan"))


@contextmanager
def training(run: Path, logs: Path | None, pause: float, ahead: int = 0) -> Iterator[Training]:
    """A training in a process of its own, which has logged ``ahead`` rows when it is handed out."""
    command = [sys.executable, "-m", "benchmarks.dashboard_speed.trainer", str(run), str(logs or "")]
    command += [str(pause), str(ahead)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        made = Training(process)
        while len(made.logged) < ahead + 3 and process.poll() is None:
            time.sleep(0.1)
        yield made
    finally:
        process.kill()
        process.wait()


@contextmanager
def tab(browser: Browser, home: Path, pause: float, ahead: int = 0) -> Iterator[tuple[Page, Training, Server]]:
    """One tab open on a run that has logged ``ahead`` rows and goes on, a row every ``pause`` seconds."""
    runs = home / f"live-{pause}"
    with (
        training(runs / "live", None, pause, ahead) as made,
        dashboard(runs, home) as server,
        closing(tabs.profile(browser)) as context,
    ):
        page = context.new_page()
        tabs.opened(page, server.address + PATH, tabs.CHART)
        page.evaluate(FOLLOW)
        yield page, made, server


def one_tab(browser: Browser, home: Path, pause: float, seconds: float) -> Live:
    """Ours, with one tab open."""
    with tab(browser, home, pause) as (page, made, server):
        page.wait_for_timeout(3_000)
        return watched(f"ours, one tab, a row every {pause:g} s", made, server, page, pause, seconds)


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
            return watched(f"TensorBoard, asking every {RELOAD} s", made, server, page, FAST, seconds, Kind.PEER)


def watched(
    what: str, made: Training, server: Server, page: Page, pause: float, seconds: float, kind: Kind = Kind.ALONE
) -> Live:
    """What ``page`` shows for so long of the rows that come."""
    begin, before = time.time(), server.processor()
    page.wait_for_timeout(1000 * seconds)
    busy = (server.processor() - before) / (time.time() - begin)
    memory, end = server.memory(), time.time()
    page.wait_for_timeout(1000 * (RELOAD + 10 if kind is Kind.PEER else 5))
    return Live(kind, what, pause, made.waits(page.evaluate("() => shown"), begin, end), busy, memory)
