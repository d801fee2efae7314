"""Many tabs on one live run: those of one browser, and as many sessions as if each were in sight on a machine of its own.

Twenty pages that are drawn at once on one machine would measure its processors: a page drawn four times a second takes about a third of a
core, whatever draws it. What a server owes twenty people is to send each what is new in time, and what a browser owes one person with twenty
tabs is the tab in sight, and any other as soon as it is looked at.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from app.sources import ROOT
from benchmarks.dashboard_speed import browser as tabs
from benchmarks.dashboard_speed.live import FAST, FOLLOW, PATH, Kind, Live, Training, training
from benchmarks.dashboard_speed.servers import Server, dashboard
from benchmarks.dashboard_speed.window import Line, window

AFTER = 5.0  # s after the last row that counts, until it must have been shown


def one_browser(home: Path, count: int, seconds: float) -> Iterator[Live]:
    """``count`` tabs in one window: the one in sight for so long, then each of the others from when it is turned to."""
    runs = home / "window"
    with training(runs / "live", None, FAST) as made, dashboard(runs, home) as server, window() as opened:
        lines = []
        for _ in range(count):
            lines.append(opened.tab())
            lines[-1].ask("Page.navigate", url=server.address + PATH)
            lines[-1].evaluate(f"({READY})()")
            lines[-1].evaluate(f"({FOLLOW})()")
        yield _in_sight(lines[-1], made, server, count, seconds)
        yield Live(
            Kind.TURNED,
            f"ours, each of the {count - 1} other tabs when it is turned to",
            FAST,
            _turned(lines[:-1], made),
        )


READY = f"""async () => {{
  while (!window.when || !({tabs.CHART})()) await new Promise((go) => setTimeout(go, 50));
}}"""


def _in_sight(line: Line, made: Training, server: Server, count: int, seconds: float) -> Live:
    begin, before = time.time(), server.processor()
    time.sleep(seconds)
    busy, memory, end = (server.processor() - before) / (time.time() - begin), server.memory(), time.time()
    time.sleep(AFTER)
    what = f"ours, the tab in sight of {count} in one browser"
    return Live(Kind.FRONT, what, FAST, made.waits(line.evaluate("shown"), begin, end), busy, memory)


def _turned(lines: list[Line], made: Training) -> list[float]:
    """Of each tab: s from when it is turned to until it shows what had been logged by then."""
    waits = []
    for line in lines:
        newest, turned = max(made.logged), time.time()
        line.ask("Page.bringToFront")
        shown = line.evaluate(f"when(() => shown.some(([step]) => step >= {newest})).then(() => shown)")
        waits.append(next(at for step, at in shown if step >= newest) - turned)
    return waits


def sessions(home: Path, count: int, seconds: float) -> Iterator[Live]:
    """The server's side alone: all in sight, and nothing drawn. The slowest of them."""
    runs = home / "sessions"
    with training(runs / "live", None, FAST) as made, dashboard(runs, home) as server:
        command = [sys.executable, "-m", "benchmarks.dashboard_speed.sessions", server.address, "live"]
        command += [str(count), str(seconds + 10 + AFTER)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        time.sleep(count / 2 + 10)  # until all have come, and a little
        begin, before = time.time(), server.processor()
        time.sleep(seconds)
        end, busy, memory = time.time(), (server.processor() - before) / seconds, server.memory()
        said, _ = process.communicate()
    waits = [made.waits(shown, begin, end) for shown in json.loads(said)]
    yield Live(
        Kind.SESSION, f"ours, the slowest of {count} sessions, all in sight", FAST, max(waits, key=max), busy, memory
    )
