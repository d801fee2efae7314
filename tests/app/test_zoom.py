"""Zooming in a real browser: what is seen is drawn from all its points, the address keeps it, and a link shows the same."""

import numpy as np
import pandas as pd
import pytest

from collector.schema import GRAD_NORM, TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.keep import keep
from diagnostics.run import Run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STEPS, SPIKE, LOST = 200_000, 81_234, 80_500
RANGE = "() => document.querySelector('.cw-chart')._fullLayout.xaxis.range"
RAW = """() => { const gd = document.querySelector('.cw-chart'), trace = gd._fullData.find((t) => t.meta?.part === 'raw');
  return [Array.from(trace.x), Array.from(trace.y)]; }"""
SEEN = "() => document.querySelector('.cw-chart').dataset.seen"
BROKEN = "() => document.querySelector('.cw-chart')._fullData.find((t) => t.name === 'NaN or Inf').x.length"


@pytest.fixture
def long(runs):
    steps = np.arange(STEPS)
    values = 2 * np.exp(-steps / 40_000) + np.random.default_rng(0).normal(1, 0.05, STEPS)
    values[SPIKE], values[LOST] = 9.0, np.nan
    layers = pd.DataFrame({"step": np.repeat(np.arange(0, STEPS, 1000), 2), "layer": ["a", "b"] * 200})
    layers = layers.assign(weight_norm=1.0, update_norm=1e-3, update_ratio=1e-3, grad_norm=1.0)
    curves = {TRAIN_LOSS: Curve(TRAIN_LOSS, steps, values), GRAD_NORM: Curve(GRAD_NORM, steps, values)}
    keep(Run("long", curves, layers=layers, state="finished"), runs)
    return values


def drag(page, first: float, last: float) -> None:
    box = page.locator(".cw-chart .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * first, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * last, box["y"] + 82, steps=5)
    page.mouse.up()


def test_zooming_fetches_all_that_is_seen_and_a_link_shows_the_same(chromium, server, long):
    page = chromium.new_page(viewport={"width": 1440, "height": 1400})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server}/diagnosis?run=long")
    page.wait_for_selector(".cw-chart.cw-ready", timeout=60_000)
    assert max(y for y in page.evaluate(RAW)[1] if y is not None) == 9.0, "the spike is seen from afar"

    drag(page, 0.38, 0.44)
    page.wait_for_function(SEEN, timeout=20_000)
    low, high = page.evaluate(RANGE)
    x, y = (np.array(row, float) for row in page.evaluate(RAW))
    inside = np.arange(int(np.ceil(low)), int(high) + 1)
    assert low < LOST < SPIKE < high
    assert np.nanmax(y[(x >= low) & (x <= high)]) == 9.0
    assert np.nanmin(y[(x >= low) & (x <= high)]) == np.nanmin(long[inside])
    assert page.evaluate(BROKEN) == 1
    assert page.evaluate("() => document.querySelectorAll('.cw-chart')[1]._fullLayout.xaxis.range") == [low, high]

    page.wait_for_url("**zoom=*", timeout=10_000)
    page.reload()
    page.wait_for_selector(".cw-chart.cw-ready", timeout=60_000)
    page.wait_for_function(SEEN, timeout=20_000)
    np.testing.assert_allclose(page.evaluate(RANGE), [low, high], rtol=1e-5)

    page.locator(".cw-chart").first.hover()
    page.keyboard.press("l")
    page.wait_for_function("() => document.querySelector('.cw-chart')._fullLayout.yaxis.type === 'log'", timeout=10_000)
    assert "log=true" in page.url
    page.keyboard.press("r")
    page.wait_for_function(f"() => document.querySelector('.cw-chart')._fullLayout.xaxis.range[1] > {STEPS - 1}")
    page.wait_for_function("() => !location.search.includes('zoom')", timeout=10_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    table = pd.read_csv(download.value.path())
    loss = table[table.tag == TRAIN_LOSS]
    assert len(loss) == STEPS and loss.value.isna().sum() == 1
    np.testing.assert_array_equal(loss.value.to_numpy(), long)
    assert not errors


def test_an_uploaded_log_shows_all_its_points_too(chromium, server, long, tmp_path):
    log = tmp_path / "dropped.csv"
    pd.DataFrame({"step": np.arange(STEPS), "train_loss": long}).to_csv(log, index=False)
    page = chromium.new_page(viewport={"width": 1440, "height": 1400})
    page.goto(f"{server}/upload")
    page.locator("input[type=file]").set_input_files(log, timeout=60_000)
    page.wait_for_selector(".cw-chart.cw-ready", timeout=60_000)
    drag(page, 0.38, 0.44)
    page.wait_for_function(SEEN, timeout=20_000)
    low, high = page.evaluate(RANGE)
    x, y = (np.array(row, float) for row in page.evaluate(RAW))
    assert low < LOST < SPIKE < high
    assert np.nanmax(y[(x >= low) & (x <= high)]) == 9.0
    assert np.nanmin(y[(x >= low) & (x <= high)]) == np.nanmin(long[int(np.ceil(low)) : int(high) + 1])
    page.get_by_role("button", name="Keep in my runs").click()
    link = page.get_by_role("link", name="See it among the runs")
    link.wait_for(timeout=20_000)
    link.click()
    page.wait_for_function("() => location.pathname === '/'", timeout=20_000)
    page.get_by_text("dropped", exact=True).first.wait_for(timeout=60_000)
