"""Thousands of runs listed: ours in its table, TensorBoard in its list of runs."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser

from app.sources import ROOT, RUNS
from benchmarks.dashboard_speed import browser as tabs
from benchmarks.dashboard_speed.openings import Waits, fresh
from benchmarks.dashboard_speed.servers import dashboard, tensorboard

INDEX = """
import time
from app import library
library.rows()
while (done := library.progress())[0] < done[1] or not done[1]:
    time.sleep(0.5)
library.index().stop()  # and all is written down
"""


def indexed(runs: Path, home: Path, count: int) -> Waits:
    """Read all ``runs`` once, as a server does in the background; what is known of them then lies in ``home``."""
    environment, began = os.environ | {RUNS: str(runs), "XDG_CACHE_HOME": str(home)}, time.monotonic()
    subprocess.run([sys.executable, "-c", INDEX], cwd=ROOT, env=environment, check=True)
    return Waits(f"{count:,} runs read and judged, the first time", "ours", [time.monotonic() - began])


def ours(browser: Browser, runs: Path, home: Path, count: int, repeats: int) -> Iterator[Waits]:
    """The list by a server that has just come up, and by one that has been up."""
    number = "Number(document.body.innerText.match(/([\\d,]+) runs/)?.[1].replaceAll(',', ''))"
    said = f"() => {number} >= {count} && ({tabs.TABLE})()"  # the samples come on top
    cold = []
    for _ in range(min(repeats, 3)):
        with dashboard(runs, home) as server, closing(tabs.profile(browser)) as context:
            page = context.new_page()
            page.goto(server.address, wait_until="commit")
            cold.append(float(page.evaluate(f"() => when({said})")) - server.began)
    yield Waits(f"{count:,} runs, from the command, indexed before", "ours", cold)
    with dashboard(runs, home) as server:
        with closing(tabs.profile(browser)) as context:
            tabs.opened(context.new_page(), server.address, said)
        yield from fresh(browser, repeats, f"{count:,} runs", "ours", server.address, said)


def beside(browser: Browser, logs: Path, home: Path, count: int, repeats: int) -> Iterator[Waits]:
    """TensorBoard's Scalars on ``count`` runs: until its list of runs is there; no curve is drawn unasked of more than 40."""
    listed = f"() => count('.name-row') >= {count}"
    with tensorboard(logs, home) as server:
        with closing(tabs.profile(browser)) as context:
            tabs.opened(context.new_page(), f"{server.address}/#scalars", listed)
        yield from fresh(browser, repeats, f"{count:,} runs", "TensorBoard", f"{server.address}/#scalars", listed)
