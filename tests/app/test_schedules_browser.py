"""Schedules in a real browser: from a remedy to the page, and its address is a link that shows the same."""

import urllib.parse

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DRAWN = (
    "() => document.querySelector('.cw-chart.cw-ready')?._fullData.map((t) => [t.name, t.x.length, Math.max(...t.y)])"
)
CODE = "() => document.querySelector('[data-testid=stCode]')?.innerText"
SHOWN = f"() => JSON.stringify([({CODE})(), ({DRAWN})()])"
EMPTY = "() => [...document.querySelectorAll('input[type=number]')].filter((i) => i.offsetParent && !i.value).length"


def said(page) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))


def test_from_a_remedy_to_a_link_that_shows_the_same(chromium, server):
    page = chromium.new_page(viewport={"width": 1440, "height": 1200})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server}/diagnosis?run=sample/digits-needs-decay")
    page.get_by_text("Open in Schedules").first.click(timeout=60_000)
    page.wait_for_function("() => new URLSearchParams(location.search).has('at')", timeout=30_000)
    assert said(page) | {"shape": "Multi-step", "milestones": "1500", "total": "2100"} == said(page)
    assert said(page)["run"] == "sample/digits-needs-decay"

    page.get_by_text("Cosine", exact=True).first.click()
    page.wait_for_function("() => location.search.includes('final=')", timeout=30_000)
    peak = page.get_by_label("Peak learning rate", exact=True)
    peak.fill("0.25")
    peak.press("Enter")
    page.wait_for_function("() => location.search.includes('peak=0.25')", timeout=30_000)
    page.wait_for_function(f"() => ({CODE})()?.includes('lr=0.25')", timeout=30_000)
    page.wait_for_function(f"() => ({DRAWN})()?.some(([name, , top]) => name === 'Cosine' && top === 0.25)")
    shown = page.evaluate(SHOWN)
    assert page.evaluate(EMPTY) == 0

    other = chromium.new_page()
    other.goto(page.url)
    other.wait_for_function(f"(shown) => ({SHOWN})() === shown", arg=shown, timeout=60_000)
    assert not errors
