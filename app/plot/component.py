"""Mounts a Plotly figure that keeps its zoom, and the ear that hears of changed runs."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app.plot.plotly_js import PLOTLY_URL

HERE = Path(__file__).parent

ZOOM = "zoom"  # the address' name of the stretch of the x-axis that is seen: zoom=200-450
NUMBER = r"(\d+(?:\.\d+)?(?:e-?\d+)?)"
Range = tuple[float, float]

_chart = st.components.v2.component(
    "curvewise.chart",
    js="\n".join(
        (HERE / name).read_text("utf-8")
        for name in ("chart.js", "colours.js", "zoom.js", "reads.js", "touch.js", "tools.js")
    ),
    css=(HERE / "chart.css").read_text(encoding="utf-8"),
    isolate_styles=False,  # plotly.js puts its own styles into the page's head
)
_ear = st.components.v2.component("curvewise.ear", js=(HERE / "ear.js").read_text(encoding="utf-8"))


def chart(
    figure: dict[str, Any],
    *,
    key: str,
    go_to: tuple[int, list[float] | None] = (0, None),
    alt: str = "",
    name: str = "",
    keeps_zoom: bool = False,
    on_key: dict[str, Callable[[], None]] | None = None,
) -> str | None:
    """Draw ``figure``. ``go_to`` is a count and a step range (None: all): a new count moves the x-axis there, once.

    ``name`` is of the picture when it is saved; ``keeps_zoom`` holds what is seen in the address; ``on_key`` says what is
    to be done when a key is pressed. Gives the key of the run whose point was just clicked, where points have ``ids``.
    """
    zoom = zoom_of(st.query_params.get(ZOOM, "")) if keeps_zoom else None
    data = {"figure": figure, "plotly": PLOTLY_URL, "goTo": {"count": go_to[0], "range": go_to[1]}, "alt": alt}
    made = _chart(
        key=key,
        data={**data, "name": name, "zoom": zoom, "keepsZoom": keeps_zoom, "keys": "".join(on_key or {})},
        on_opened_change=lambda: None,
        on_zoom_change=lambda: _keep(st.session_state[key].get(ZOOM)),
        on_pressed_change=lambda: (on_key or {}).get(st.session_state[key].get("pressed"), lambda: None)(),
    )
    return None if made.opened is None else str(made.opened)


def zoom_of(text: str) -> Range | None:
    """The stretch that an address names; None for all, and for what makes no sense."""
    found = re.fullmatch(f"{NUMBER}-{NUMBER}", text)
    ends = (float(found[1]), float(found[2])) if found else (0.0, 0.0)
    return ends if ends[0] < ends[1] < float("inf") else None


def _keep(zoom: object) -> None:
    """Put the stretch that is seen into the address; all of the run needs no word there."""
    if zoom_of(str(zoom)):
        st.query_params[ZOOM] = str(zoom)
    else:
        st.query_params.pop(ZOOM, None)


def listen(run: str | None, *, key: str, alive: bool = False) -> None:
    """Rerun the fragment this is called in when ``run`` (None: any run) changes; call it last.

    The stamp tells the browser that this rerun is done and it may ask for the next. ``alive`` also asks twice a minute,
    so that a run that falls silent is seen to be stalled.
    """
    _ear(key=key, data={"run": run, "alive": alive, "stamp": time.time_ns()}, on_changed_change=lambda: None)
