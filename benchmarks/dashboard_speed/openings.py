"""How long until something stands on the screen: servers that start, the samples, a long run, a stretch of it."""

import json
import statistics
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.dashboard_speed import browser as tabs
from benchmarks.dashboard_speed import servers
from benchmarks.dashboard_speed.servers import PATIENCE, Server, dashboard, tensorboard

SAMPLE = "/diagnosis?run=sample/digits-lr-too-high"
STRETCH = 0.01  # of the run that is zoomed to
ZOOM = """([from, to]) => {
  const div = deep('.cw-chart'), began = Date.now();
  Plotly.relayout(div, {'xaxis.range[0]': from, 'xaxis.range[1]': to});
  return when(() => div.dataset.seen === `${from}-${to}`).then((at) => at - began / 1000);
}"""


@dataclass(frozen=True)
class Waits:
    """Seconds, one a repetition."""

    what: str
    of: str
    seconds: list[float]

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.seconds)


def fresh(browser: Browser, repeats: int, what: str, of: str, address: str, test: str) -> Iterator[Waits]:
    """``address`` opened in a browser that has cached nothing, and once more in the same."""
    first, again = [], []
    for _ in range(repeats):
        context = tabs.profile(browser)
        page = context.new_page()
        first.append(tabs.opened(page, address, test))
        page.goto("about:blank")
        again.append(tabs.opened(page, address, test))
        context.close()
    yield Waits(f"{what}, nothing cached in the browser", of, first)
    yield Waits(f"{what}, opened before", of, again)


def _until(browser: Browser, server: Server, path: str, test: str) -> float:
    """When the page was on the screen, s since 1970."""
    with closing(tabs.profile(browser)) as context:
        page = context.new_page()
        page.goto(server.address + path, wait_until="commit")
        at: float = page.evaluate(f"() => when({test})")
        return at


def _opened(browser: Browser, server: Server, path: str, test: str) -> float:
    """Seconds from the address to the screen, nothing cached in the browser."""
    with closing(tabs.profile(browser)) as context:
        return tabs.opened(context.new_page(), server.address + path, test)


def samples(browser: Browser, home: Path, repeats: int) -> Iterator[Waits]:
    """The list and a diagnosis of the samples, and how long a start takes."""
    empty, first, cold = home / "none", [], []
    empty.mkdir(exist_ok=True)
    for i in range(min(repeats, 3)):
        cache = home / f"cold-{i}"
        cache.mkdir()
        for found in (first, cold):  # the first time nothing is known of the samples; then their rows are remembered
            with dashboard(empty, cache) as server:
                found.append(_until(browser, server, "/", tabs.TABLE) - server.began)
    yield Waits("from the command to the list, never started before", "ours", first)
    yield Waits("from the command to the list", "ours", cold)
    with dashboard(empty, home / "cold-0") as server:
        _opened(browser, server, SAMPLE, tabs.CHART)
        yield from fresh(browser, repeats, "Runs, the samples", "ours", server.address, tabs.TABLE)
        yield from fresh(browser, repeats, "Diagnosis of a sample", "ours", server.address + SAMPLE, tabs.CHART)
    with servers.empty(home) as server:
        _opened(browser, server, "/", tabs.EMPTY)
        yield from fresh(browser, repeats, "An empty Streamlit page", "Streamlit", server.address, tabs.EMPTY)


def samples_beside(browser: Browser, logs: Path, home: Path, repeats: int) -> Iterator[Waits]:
    """TensorBoard on the training losses of the samples."""
    cold = []
    for _ in range(min(repeats, 3)):
        with tensorboard(logs, home) as server:
            cold.append(_until(browser, server, "/#scalars", tabs.LINE) - server.began)
    yield Waits("from the command to the first curve", "TensorBoard", cold)
    with tensorboard(logs, home) as server:
        _opened(browser, server, "/#scalars", tabs.LINE)
        yield from fresh(
            browser, repeats, "Scalars of the samples", "TensorBoard", f"{server.address}/#scalars", tabs.LINE
        )


def long_run(browser: Browser, runs: Path, home: Path, rows: int, repeats: int) -> Iterator[Waits]:
    """A long run opened: from nothing, by a server that has not read it, and by one that has; then zoomed."""
    path, cold, first = "/diagnosis?run=long", [], []
    for _ in range(min(repeats, 3)):
        with dashboard(runs, home) as server:
            cold.append(_until(browser, server, path, tabs.CHART) - server.began)
        with dashboard(runs, home) as server:
            _opened(browser, server, "/", tabs.TABLE)
            first.append(_opened(browser, server, path, tabs.CHART))
    yield Waits("from the command that starts the server", "ours", cold)
    yield Waits("a server that is up and has not read the run", "ours", first)
    with dashboard(runs, home) as server:
        _opened(browser, server, path, tabs.CHART)
        yield from fresh(browser, repeats, "a server that has read it", "ours", server.address + path, tabs.CHART)
        with closing(tabs.profile(browser)) as context:
            page = context.new_page()
            tabs.opened(page, server.address + path, tabs.CHART)
            yield Waits("zoom to a hundredth of it: its own points drawn", "ours", zooms(page, rows, 3 * repeats))


def zooms(page: Page, rows: int, repeats: int) -> list[float]:
    """Seconds from a zoom to the frame with every point of what is seen."""
    wide, found = round(rows * STRETCH), []
    for i in range(repeats):
        begin = round(rows * (i + 1) / (repeats + 2))
        found.append(float(page.evaluate(ZOOM, [begin, begin + wide])))
    return found


def long_beside(
    browser: Browser, logs: Path, home: Path, rows: int, repeats: int, every_point: bool
) -> Iterator[Waits]:
    """TensorBoard's Scalars of the same run, its training loss alone."""
    of, path, cold = "TensorBoard, every point" if every_point else "TensorBoard, 1,000 points", "/#scalars", []
    for _ in range(min(repeats, 3)):
        with tensorboard(logs, home, every_point) as server:
            wait_for_step(server, rows)  # a page that is opened earlier shows a part, and stays so
            cold.append(_until(browser, server, path, tabs.LINE) - server.began)
    yield Waits("from the command that starts the server", of, cold)
    with tensorboard(logs, home, every_point) as server:
        wait_for_step(server, rows)
        yield from fresh(browser, repeats, "a server that has read it", of, server.address + path, tabs.LINE)


def wait_for_step(server: Server, step: int, run: str = "long") -> None:
    """Wait until TensorBoard's data server has read as far as ``step``."""
    address = f"{server.address}/data/plugin/scalars/scalars?run={run}&tag=train%2Floss"
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        with suppress(OSError), urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            points = json.load(answer)
            if points and points[-1][1] >= step:
                return
        time.sleep(0.2)
    raise TimeoutError(f"TensorBoard has not read {run}")
