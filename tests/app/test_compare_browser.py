"""Runs and Compare in a real browser: what only a browser does — clicks, keys, the address, and going back."""

import numpy as np
import pytest

from app import library
from collector.schema import TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.keep import keep
from diagnostics.run import Run

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROWS = ".cw-list:not(.cw-slim) tbody tr.cw-run:not([hidden])"
BESIDE = ".cw-slim tbody tr.cw-run"


def names(page) -> list[str]:
    return page.locator(f"{ROWS} a").all_inner_texts()


def test_find_choose_and_compare(chromium, server):
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server)
    page.wait_for_selector(ROWS, timeout=60_000)
    page.locator(ROWS).nth(len(list(library.ROOT.glob("sample_runs/*/run.json"))) - 1).wait_for(
        timeout=60_000
    )  # all are read

    page.locator(".cw-list thead button", has_text="Best val loss").click()
    page.wait_for_url("**sort=Best*")
    page.get_by_label("Filter", exact=True).wait_for()  # Streamlit loads a text field's script after the table stands
    page.keyboard.press("/")
    page.keyboard.type("digits")
    page.wait_for_url("**q=digits*")
    page.locator(".cw-pick", has_text="Overfitting").click()
    page.wait_for_url("**verdict*overfitting*")
    page.locator(ROWS).nth(1).wait_for(state="detached")
    assert names(page) == ["digits-overfitting"]
    page.locator(".cw-pick", has_text="Overfitting").click()
    page.locator(ROWS).nth(5).wait_for()

    for i in (0, 1):
        page.locator(f"{ROWS} .cw-tick input").nth(i).click()
    chosen = names(page)[:2]
    page.get_by_role("button", name="Compare 2 runs").click()
    page.wait_for_url("**/compare?runs=*")
    page.wait_for_selector(".cw-chart.cw-ready", timeout=30_000)
    page.wait_for_selector(ROWS)
    assert names(page) == chosen

    drawn = "() => new Set(document.querySelector('.cw-chart').data.map((t) => t.meta.run)).size"
    page.wait_for_function(f"() => ({drawn})() === 2")
    page.locator(f"{BESIDE} .cw-tick input").first.click()
    page.wait_for_url("**hide=*")
    page.wait_for_function(f"() => ({drawn})() === 1")
    page.locator(f"{ROWS}.cw-off").wait_for()  # the table below knows it too

    page.locator(f"{ROWS} td.cw-chip").first.click()
    page.wait_for_url("**/diagnosis?run=*")
    page.goto(f"{server}/?q=digits&sort=loss")
    page.wait_for_selector(ROWS)
    page.locator(f"{ROWS} td.cw-spark").first.click()
    page.wait_for_url("**/diagnosis?run=*")
    page.go_back()
    page.wait_for_url("**sort=Best*")
    page.wait_for_function(
        "() => document.querySelector('input[aria-label=Filter]')?.value === 'digits'"
    )  # the same list
    assert not errors


DEAF = """const add = document.addEventListener.bind(document);
document.addEventListener = (kind, does, ...more) => String(does).includes("NavLink") || add(kind, does, ...more)"""


@pytest.mark.parametrize("before", ["", DEAF], ids=["", "chosen before the page was there"])
def test_a_phone_puts_the_navigation_away(chromium, server, before):
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.add_init_script(before)
    page.goto(f"{server}/rulebook")
    page.get_by_test_id("stExpandSidebarButton").click(timeout=60_000)
    page.get_by_role("link", name="Upload").click()
    page.wait_for_url("**/upload")
    page.get_by_test_id("stExpandSidebarButton").click(timeout=60_000)
    page.get_by_role("link", name="Upload").wait_for()  # and asked for again it stays
    page.close()


def test_a_drag_along_the_axis_zooms_on_a_phone_and_one_down_does_not(chromium, server):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{server}/diagnosis?run=sample/digits-overfitting")
    page.wait_for_selector(".cw-chart.cw-ready", timeout=60_000)
    box = page.locator(".cw-chart.cw-ready").first.evaluate(
        """e => { e.scrollIntoView({ block: "center" });
                  const b = e.getBoundingClientRect(), s = e._fullLayout._size; return { x: b.x + s.l, w: s.w } }"""
    )
    finger = context.new_cdp_session(page)

    def drag(across: float, down: float) -> None:
        x, y = box["x"] + box["w"] * 0.25, 500  # amid the curves, which are higher than the screen
        for share in (0, 0.3, 0.6, 1):
            at = [{"x": x + share * across, "y": y + share * down}]
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove" if share else "touchStart", "touchPoints": at})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    drag(box["w"] * 0.5, 0)
    page.wait_for_url("**zoom=*")
    page.wait_for_selector(".cw-chart[data-seen]")
    low, high = page.evaluate("() => document.querySelector('.cw-chart').layout.xaxis.range")
    assert low == pytest.approx(380, abs=40) and high == pytest.approx(1140, abs=40)
    zoomed, top = page.url, page.evaluate("() => document.querySelector('.cw-chart').getBoundingClientRect().top")
    drag(0, -100)
    page.wait_for_function(f"() => document.querySelector('.cw-chart').getBoundingClientRect().top < {top} - 40")
    assert page.url == zoomed  # the page was scrolled, and the curves were left alone
    context.close()


def test_one_that_diverged_flattens_none_and_the_pointer_picks_one_out(chromium, runs, server):
    steps = np.arange(200)
    lost = Curve(TRAIN_LOSS, steps, np.where(steps < 150, 10.0 ** (steps / 5), np.nan))
    fine = [Curve(TRAIN_LOSS, steps, 2.3 * np.exp(-steps / 40.0) + 0.1 * i) for i in range(7)]
    for name, curve in {"lost": lost, **{f"fine-{i}": one for i, one in enumerate(fine)}}.items():
        keep(Run(name, {TRAIN_LOSS: curve}, state="finished"), runs)
    names = ",".join(["lost", *(f"fine-{i}" for i in range(7))])
    page = chromium.new_page(viewport={"width": 1440, "height": 1400})
    page.goto(f"{server}/compare?runs={names}&show=loss&smooth=off")
    page.wait_for_selector(".cw-chart.cw-ready", timeout=60_000)
    page.wait_for_function("() => document.querySelector('.cw-chart').data.length >= 9")
    height = "() => document.querySelector('.cw-chart').layout.yaxis.range[1]"
    assert 2.9 < page.evaluate(height) < 6
    page.get_by_text("Loss is cut at").wait_for()
    marks = "() => document.querySelector('.cw-chart').data.find((t) => t.meta.part === 'broken').y"
    assert set(page.evaluate(f"() => [...({marks})()]")) == {page.evaluate(height)}  # at the edge, where it left

    chart = page.locator(".cw-chart.cw-ready").bounding_box()
    page.mouse.move(chart["x"] + 300, chart["y"] + 150)
    page.locator(".cw-slim th.cw-run", has_text="step").wait_for()
    said = page.locator(f"{BESIDE} td.cw-number").all_inner_texts()  # of more runs than a box could name
    assert len(said) == 8 and len({float(text) for text in said[1:]}) == 7

    page.locator(f"{ROWS}[data-key=fine-3]").hover()
    faded = (
        "() => [...document.querySelectorAll('.cw-chart .scatterlayer .trace')]"
        ".filter((g) => Number(g.style.opacity) < 0.5).length"
    )
    page.wait_for_function(f"() => ({faded})() >= 7")
    page.mouse.move(700, 5)
    page.wait_for_function(f"() => ({faded})() === 0")

    page.get_by_text("Outliers", exact=True).click()
    page.wait_for_url("**outliers=true*")
    page.wait_for_function(f"() => ({height})() > 1e25")
    page.close()
