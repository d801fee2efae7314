import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import plotly
import pytest

from app import library
from app.report.page import data, html
from collector.schema import TRAIN_LOSS
from diagnostics import diagnose
from diagnostics.curve import Curve
from diagnostics.readers import read
from diagnostics.run import Run

PLOTLY = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text("utf-8")
EVIL = "</script><img src=x onerror=alert(1)>"


def sample(name: str) -> Run:
    return read(library.ROOT / "sample_runs" / name)[0]


def page(run: Run, plotly_js: str = "") -> str:
    return html(run, diagnose(run), plotly_js)


def figures(text: str) -> dict:
    return json.loads(re.search(r'id="figures">(.*?)</script>', text, re.S)[1])


def test_it_holds_the_verdict_its_numbers_what_to_do_and_the_curves():
    run = sample("digits-overfitting")
    text = page(run)
    assert "Overfitting" in text and "since step 74" in text and "1.574 against 1.05, 57% more" not in text
    assert "1.57 against 1.05, 50% more" in text and "weight_decay = 0.02" in text
    assert "What would change this verdict" in text and "Not checked" in text
    drawn = figures(text)
    assert {"curves", "layers-update_ratio", "layers-grad_norm"} == set(drawn)
    assert not any("meta" in trace for trace in drawn["curves"]["traces"]), "there is no server to ask"
    assert str(library.ROOT) not in text, "where it lay is nobody else's business"


def test_whatever_comes_from_a_log_is_text():
    steps = np.arange(200)
    run = Run(
        EVIL,
        {TRAIN_LOSS: Curve(TRAIN_LOSS, steps, 2.0 - steps / 200), f"val/{EVIL}": Curve(f"val/{EVIL}", steps, steps)},
        config={EVIL: EVIL},
        exception=EVIL,
        notes=(EVIL,),
        state="crashed",
        layers=pd.DataFrame(
            {"step": [1, 2], "layer": [EVIL] * 2}
            | {q: [1e-3, 1e-3] for q in ("weight_norm", "update_norm", "update_ratio", "grad_norm")}
        ),
    )
    text = page(run)
    assert EVIL not in text and text.count("<script") == 3 and "<img" not in text
    assert "onerror" in figures(text)["layers-update_ratio"]["traces"][0]["y"][0], "it is there, as text"


def test_json_within_a_page_ends_no_element():
    assert "<" not in data({"a": {"text": EVIL}}) and json.loads(data({"a": {"text": EVIL}}))["a"]["text"] == EVIL


def test_a_long_run_with_many_layers_stays_below_six_megabytes():
    steps, rng = np.arange(200_000), np.random.default_rng(0)
    run = sample("digits-overfitting")
    curves = {tag: Curve(tag, steps, np.abs(rng.normal(1, 0.1, steps.size))) for tag in run.curves}
    layers = pd.DataFrame(
        {"step": np.repeat(np.arange(0, 200_000, 400), 100), "layer": np.tile(np.arange(100).astype(str), 500)}
    )
    layers = layers.assign(
        **{q: rng.lognormal(-7, 1, len(layers)) for q in ("weight_norm", "update_norm", "update_ratio", "grad_norm")}
    )
    assert len(page(replace(run, curves=curves, layers=layers), PLOTLY).encode()) < 6e6


def test_nothing_to_draw_is_no_error():
    assert figures(page(Run("empty", {}))) == {}


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_offline_in_light_and_dark(scheme, chromium, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(page(sample("digits-diverged"), PLOTLY), encoding="utf-8")
    opened = chromium.new_page(color_scheme=scheme)
    asked, errors = [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: message.type == "error" and errors.append(message.text))
    opened.goto(f"file://{file}")
    opened.wait_for_selector("#curves .main-svg")
    background = opened.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    assert opened.evaluate("() => document.querySelector('#curves')._fullLayout.font.color").lower() in (
        "#1c2430",
        "#e4e9f0",
    )
    assert len(asked) == 1 and not errors
