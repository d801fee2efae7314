"""One tab on a live run for a long time: does anything grow, in the server or in the page?

The run has a long past already, so that its figure is as large as figures get: what grows is not the run.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, CDPSession

from benchmarks.dashboard_speed.live import SLOW, Live, tab, watched

AHEAD = 20_000  # rows before the watch begins: more than the figure has pixels
SPELLS = 12  # parts of a watch, each measured at its end


@dataclass(frozen=True)
class Spell:
    """A part of a soak: minutes since it began, the waits in it, and what is held at its end.

    Of the server its threads and open files; of the page, after its garbage was collected, MB of heap, DOM nodes and listeners.
    """

    minutes: float
    live: Live
    threads: int
    files: int
    heap: float
    nodes: int
    listeners: int


def soak(browser: Browser, home: Path, minutes: float) -> Iterator[Spell]:
    """In equal parts."""
    with tab(browser, home, SLOW, AHEAD) as (page, made, server):
        inside, began = page.context.new_cdp_session(page), time.time()
        inside.send("Performance.enable")
        for i in range(SPELLS):
            left = began + 60 * minutes * (i + 1) / SPELLS - time.time()
            live = watched("soak", made, server, page, SLOW, max(left - 5, 1))
            page.evaluate("() => { shown.splice(0, shown.length - 1); }")
            heap, nodes, listeners = _held(inside)
            yield Spell(
                (time.time() - began) / 60,
                live,
                server.threads(),
                server.files(),
                heap / 1e6,
                int(nodes),
                int(listeners),
            )


def _held(inside: CDPSession) -> tuple[float, float, float]:
    inside.send("HeapProfiler.collectGarbage")
    found = {each["name"]: each["value"] for each in inside.send("Performance.getMetrics")["metrics"]}
    return found["JSHeapUsedSize"], found["Nodes"], found["JSEventListeners"]
