"""A real browser: tabs that say when something was painted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.dashboard_speed.servers import chromium

SCRIPT = Path(__file__).with_name("painted.js")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 180_000.0  # ms that something may take to appear

CHART = "() => Boolean(deep('.cw-chart.cw-ready')?.dataset.lastStep)"
TABLE = "() => Boolean(deep('.cw-list a'))"
EMPTY = "() => document.body?.innerText.includes('nothing here')"
LINE = "() => line() > 100"  # TensorBoard's chart


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield made
        made.close()


def profile(browser: Browser, before: str = "") -> BrowserContext:
    """Nothing cached yet; ``before`` runs in every page first."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(before + SCRIPT.read_text())
    return context


def opened(page: Page, address: str, test: str) -> float:
    """Seconds from the beginning of the navigation to the frame that shows what ``test`` looks for."""
    page.goto(address, wait_until="commit")
    found: float = page.evaluate(f"() => when({test}).then((at) => at - performance.timeOrigin / 1000)")
    return found


def asked(page: Page, code: str) -> Any:
    """What ``code`` gives in the page."""
    return page.evaluate(code)
