"""Runs overlaid in one chart, with the runs themselves beside it and below."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app import chosen, colouring, controls, library, words
from app.grouping import fold_groups
from app.legend import Legend
from app.library import Row
from app.plot import overlay
from app.plot.component import chart
from app.plot.cuts import Cut, cuts
from app.plot.drawn import Drawn, Look
from app.plot.quantities import FIRST, NAMES, quantities
from app.slot import slot
from diagnostics.axis import AXES, Axis, axes_of
from diagnostics.run import Run

MOST = 40  # runs in one chart: beyond, no eye tells them apart
NAMED = 3  # runs that leave the chart, by name
BAND = "Runs that differ only by fold or seed: their mean, and one standard deviation on either side."
OUTLIERS = (
    "Off: the heights that three quarters of the runs need, and as much again three times; runs that diverged do not count. "
    "On: all there is."
)
LINES = "Solid: training{}. Dashed: validation, as logged. Crosses: NaN or Inf."


def show(rows: Sequence[Row], now: float) -> str | None:
    """Overlay the curves of ``rows``; a box unticked in the list hides its run. Gives the run that was clicked, if any."""
    line = slot()
    if len(rows) > MOST:
        line.caption(f"The first {MOST} of {len(rows):,} are drawn\\. Choose fewer to see others\\.")
        rows = rows[:MOST]
    cases = {row.key: case for row in rows if (case := library.case(row.key))}
    runs = {key: case.run for key, case in cases.items()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls-compare"):
        wanted, look = _ask([row for row in rows if row.key in runs], runs)
    above = st.container()
    with st.container(key="overlay"):
        beside, place = st.container(gap="small"), st.container()
    with beside:
        groups = colouring.groups(rows, colouring.ask(rows), now)
    marks = colouring.marks(list(runs), groups or look.groups)
    hidden = set(chosen.HIDDEN.keys())
    drawn = [
        Drawn(key, case.run, marks[key], usual=case.report.verdict != "diverged")
        for key, case in cases.items()
        if key not in hidden and look.x in axes_of(case.run)
    ]
    with above:
        _missing(runs, look.x)
        shown = _shown(cuts(drawn, wanted, look))
    legend = Legend(rows, runs, marks, wanted, now)
    with beside:
        opened = legend.beside(groups)
    with place:
        _chart(drawn, wanted, look, shown)
    return legend.below() or opened


def _chart(drawn: Sequence[Drawn], wanted: Sequence[str], look: Look, shown: Mapping[str, Cut]) -> None:
    if not drawn or not wanted:
        st.info("Nothing to draw: tick a run, and choose a quantity above.", icon=":material/visibility_off:")
        return
    alt = f"{', '.join(wanted)} of {words.counted(len(drawn), 'run')}"
    figure = overlay.overlay(drawn, wanted, look, shown)
    chart(figure, key="compare.chart", alt=alt, name="compare", keeps_zoom=True, on_key={"l": _turn_log})
    st.caption(LINES.format(", as logged" if look.window == 0 else ", the moving average"))


def _shown(found: Mapping[str, Cut]) -> Mapping[str, Cut]:
    """Say what is cut off, and draw it after all when asked to."""
    if not found:
        return found
    with st.container(horizontal=True, vertical_alignment="center", key="outliers-line"):
        whole = st.toggle("Outliers", help=OUTLIERS, **_bound("outliers"))
        said = "All heights are shown." if whole else " ".join(_said(quantity, cut) for quantity, cut in found.items())
        st.caption(words.plain(said), width="content")
    return {} if whole else found


def _said(quantity: str, cut: Cut) -> str:
    """``Loss is cut at 9.2: a reaches 2e+35.``"""
    (low, high), (least, most) = cut.seen, cut.ends
    at = [words.figure(end) for end, beyond in ((low, least < low), (high, most > high)) if beyond]
    to = [words.figure(end) for end, beyond in ((least, least < low), (most, most > high)) if beyond]
    runs = ", ".join(cut.runs) if len(cut.runs) <= NAMED else words.counted(len(cut.runs), "run")
    title = NAMES.get(quantity, quantity)
    return f"{title} is cut at {' and '.join(at)}: {runs} {'reach' if len(cut.runs) > 1 else 'reaches'} {' and '.join(to)}."


def _ask(rows: Sequence[Row], runs: Mapping[str, Run]) -> tuple[list[str], Look]:
    known = quantities(runs.values())
    first = [q for q in FIRST[:2] if q in known] or known[:1]
    groups = fold_groups(rows)
    wanted = st.multiselect(
        "Show", known, first, width=300, label_visibility="collapsed", placeholder="Quantities", **_bound("show")
    )
    x = controls.x_axis(AXES, _bound("x"))
    window = controls.moving_average(_bound("smooth"))
    log_x = st.toggle("Log x", on_change=controls.forget_zoom, **_bound("logx"))
    log_y = st.toggle("Log y", help="Of all but accuracies. Key: l", **_bound("log"))
    banded = bool(groups) and st.toggle("Folds as mean", help=BAND, **_bound("folds"))
    return wanted, Look(x, log_x, log_y, window, groups if banded else {})


def _bound(key: str) -> dict[str, Any]:
    """A widget whose value stands in the address; the same as on Diagnosis, where that has one of the name."""
    return {"key": key, "bind": "query-params", "persist_state": "session"}


def _turn_log() -> None:
    st.session_state["log"] = not st.session_state.get("log", False)


def _missing(runs: Mapping[str, Run], x: Axis) -> None:
    left = [run.name for run in runs.values() if x not in axes_of(run)]
    line = slot()
    if left:
        line.caption(words.plain(f"Left out, for the log does not say the {x}: {', '.join(left)}."))
