"""Mounts a Plotly figure that keeps its zoom, and the ear that hears of changed runs."""

import time
from pathlib import Path
from typing import Any

import plotly
import streamlit as st

HERE = Path(__file__).parent
PLOTLY_URL = f"/curvewise/plotly.js?v={plotly.__version__}"

_chart = st.components.v2.component(
    "curvewise.chart",
    js=(HERE / "chart.js").read_text(encoding="utf-8"),
    css=(HERE / "chart.css").read_text(encoding="utf-8"),
    isolate_styles=False,  # plotly.js puts its own styles into the page's head
)
_ear = st.components.v2.component("curvewise.ear", js=(HERE / "ear.js").read_text(encoding="utf-8"))


def chart(
    figure: dict[str, Any], *, key: str, go_to: tuple[int, list[float] | None] = (0, None), alt: str = ""
) -> str | None:
    """Draw ``figure``. ``go_to`` is a count and a step range (None: all): a new count moves the x-axis there, once.

    Gives the key of the run whose point was just clicked, where points have ``ids``.
    """
    data = {"figure": figure, "plotly": PLOTLY_URL, "goTo": {"count": go_to[0], "range": go_to[1]}, "alt": alt}
    opened = _chart(key=key, data=data, on_opened_change=lambda: None).opened
    return None if opened is None else str(opened)


def listen(run: str | None, *, key: str, alive: bool = False) -> None:
    """Rerun the fragment this is called in when ``run`` (None: any run) changes; call it last.

    The stamp tells the browser that this rerun is done and it may ask for the next. ``alive`` also asks twice a minute,
    so that a run that falls silent is seen to be stalled.
    """
    _ear(key=key, data={"run": run, "alive": alive, "stamp": time.time_ns()}, on_changed_change=lambda: None)
