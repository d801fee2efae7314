"""The Diagnosis page in a real browser: findings by click and key, in the address; and what stays while a run goes on."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RANGE = "() => document.querySelector('.cw-chart')._fullLayout.xaxis.range.map(Math.round)"
RUN = "sample/digits-overfitting"
IDLE = "[data-test-script-state=notRunning]"  # the server is done with the page
ABOVE = "(selector) => document.querySelector(selector).getBoundingClientRect().bottom"


def opened(chromium, server: str, query: str, width: int = 1440, height: int = 900):
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.goto(f"{server}/diagnosis?{query}")
    page.wait_for_selector(".cw-chart.cw-ready", timeout=60_000)
    return page


def bottom(page, selector: str) -> float:
    return page.evaluate(ABOVE, selector)


def test_findings_by_click_and_key(chromium, server):
    page = opened(chromium, server, f"run={RUN}")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    assert bottom(page, ".st-key-verdict") < 900 and bottom(page, ".cw-chart .xy") < 900, "both at one glance"
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    whole = page.evaluate(RANGE)

    page.keyboard.press("j")
    page.wait_for_url("**finding=overfitting*", timeout=10_000)
    page.wait_for_function(
        f"() => Math.round(document.querySelector('.cw-chart')._fullLayout.xaxis.range[1]) !== {whole[1]}"
    )
    page.keyboard.press("1")
    page.wait_for_function("() => !location.search.includes('finding')", timeout=10_000)
    page.wait_for_function(
        f"() => Math.round(document.querySelector('.cw-chart')._fullLayout.xaxis.range[1]) === {whole[1]}"
    )

    page.locator(".cw-chart .annotation-text-g").filter(has_text="1").first.click()
    page.wait_for_url("**finding=overfitting*", timeout=10_000)
    page.wait_for_timeout(800)
    box = page.locator(".cw-chart .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.95)
    page.wait_for_timeout(300)
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.95)
    page.wait_for_function("() => !location.search.includes('finding')", timeout=10_000)

    page.keyboard.press("k")
    page.wait_for_url("**finding=overfitting*", timeout=10_000)
    page.wait_for_timeout(800)
    page.wait_for_selector(IDLE)  # a run of the page under way would draw the field anew and take the focus
    page.locator(".st-key-run input").click()
    page.wait_for_function("() => document.activeElement.matches('.st-key-run input')")
    page.keyboard.type("jl1")
    page.wait_for_function("() => document.querySelector('.st-key-run input').value === 'jl1'")
    page.wait_for_timeout(600)
    assert "finding=overfitting" in page.url and "log=" not in page.url, "what is typed in a field is no key"
    page.keyboard.press("Escape")

    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.matches('.st-key-run input')")
    page.reload()
    page.wait_for_selector(".cw-chart.cw-ready", timeout=60_000)
    assert "finding=overfitting" in page.url
    page.wait_for_url("**zoom=*")  # the chart says where it went

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Copied").wait_for(timeout=5_000)
    assert page.evaluate("() => navigator.clipboard.readText()") == page.url
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
        page.locator("a", has_text="Data (Parquet)").first.click()
    assert pd.read_parquet(download.value.path()).tag.nunique() > 5 and download.value.suggested_filename.endswith(
        "ing.parquet"
    )
    page.keyboard.press("Escape")
    page.locator("a", has_text="Data (Parquet)").first.wait_for(state="hidden")
    page.keyboard.press("?")
    page.get_by_text("next and previous finding").wait_for(timeout=10_000)
    page.keyboard.press("Escape")
    assert not errors


def test_a_phone_shows_the_verdict_then_the_curves_then_the_findings(chromium, server):
    page = opened(chromium, server, f"run={RUN}", width=390, height=844)
    tops = [page.locator(f".st-key-story-{part}").bounding_box()["y"] for part in ("verdict", "curves", "findings")]
    assert tops == sorted(tops)
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")
    page.evaluate("() => { document.querySelector('.cw-box').style.width = '300px'; }")
    page.wait_for_function("() => Math.abs(document.querySelector('.cw-chart')._fullLayout.width - 300) <= 1")


def rows(first: int, last: int, loss) -> str:
    return "".join(f"{step},{loss(step)}\n" for step in range(first, last))


def test_what_was_chosen_stays_while_the_run_goes_on_and_a_new_verdict_is_told(chromium, server, runs: Path):
    noise = np.random.default_rng(0).normal(0, 0.01, 3_000)
    log = runs / "grow.csv"
    log.write_text("step,train_loss\n" + rows(0, 600, lambda step: 2 * np.exp(-step / 300) + 0.3 + noise[step]))
    page = opened(chromium, server, "run=grow.csv&zoom=100-300", height=500)
    page.wait_for_function("() => document.querySelector('.cw-chart').dataset.lastStep === '599'", timeout=20_000)
    page.wait_for_timeout(1_000)
    page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollTo(0, 100)")
    assert not page.locator("[data-testid=stToast]").count(), "nothing has changed yet"

    with log.open("a") as more:
        more.write(rows(600, 900, lambda step: 2 * np.exp(-step / 300) + 0.3 + noise[step]))
    page.wait_for_function("() => document.querySelector('.cw-chart').dataset.lastStep === '899'", timeout=20_000)
    assert page.evaluate(RANGE) == [100, 300] and "zoom=100-300" in page.url
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollTop") == 100

    with log.open("a") as more:
        more.write(rows(900, 1_300, lambda step: "nan"))
    page.locator("[data-testid=stToast]", has_text="Diverged").wait_for(timeout=30_000)
    assert page.locator("[data-testid=stToast]").count() == 1 and page.evaluate(RANGE) == [100, 300]
    assert page.locator(".st-key-verdict h3", has_text="Diverged").count() == 1
