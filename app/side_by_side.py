"""Runs overlaid in one chart, and the table that is its legend."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from app import chosen, library, words
from app.controls import AUTO, WINDOWS
from app.fields import Field, differing, setting
from app.grouping import fold_groups
from app.library import Row
from app.listing import BEST, Look, columns, table, written
from app.plot import overlay, palette
from app.plot.component import ZOOM, chart
from app.plot.overlay import Cut, Drawn
from diagnostics.axis import AXES, Axis, axes_of
from diagnostics.run import Run

MOST = 40  # runs in one chart: beyond, no eye tells them apart
NAMED = 3  # runs that leave the chart, by name
SETTINGS = 12  # columns of the legend for what differs
TABLE = "compare.table"
AVERAGE = (
    "Of training curves; auto takes about 2 % of each run. Choose, or type any number of steps. It changes no verdict."
)
BAND = "Runs that differ only by fold or seed: their mean, and one standard deviation on either side."
OUTLIERS = (
    "Off: the heights that three quarters of the runs need, and as much again three times; runs that diverged do not count. "
    "On: all there is."
)
LINES = (
    "Solid: training, the mean of the raw points of the last so many steps, begun afresh after NaN, Inf and gaps. "
    "Dashed: validation, as logged. Crosses: NaN or Inf."
)
RAW_LINES = "Solid: training. Dashed: validation. Both as logged; crosses: NaN or Inf."


def show(rows: Sequence[Row], now: float) -> str | None:
    """Overlay the curves of ``rows``; a box unticked in the legend hides its run. Gives the run that was clicked, if any."""
    if len(rows) > MOST:
        st.caption(f"The first {MOST} of {len(rows):,} are drawn\\. Choose fewer to see others\\.")
        rows = rows[:MOST]
    cases = {row.key: case for row in rows if (case := library.case(row.key))}
    runs = {key: case.run for key, case in cases.items()}
    hidden = set(chosen.HIDDEN.keys())
    wanted, look = _ask([row for row in rows if row.key in runs], runs)
    marks = _marks(list(runs), look.groups)
    drawn = [
        Drawn(key, case.run, marks[key], usual=case.report.verdict != "diverged")
        for key, case in cases.items()
        if key not in hidden and look.x in axes_of(case.run)
    ]
    _missing(runs, look.x)
    if drawn and wanted:
        alt = f"{', '.join(wanted)} of {words.counted(len(drawn), 'run')}"
        figure = overlay.overlay(drawn, wanted, look, _shown(overlay.cuts(drawn, wanted, look)))
        chart(figure, key="compare.chart", alt=alt, name="compare", keeps_zoom=True, on_key={"l": _turn_log})
        st.caption(LINES if look.window != 0 else RAW_LINES)
    else:
        st.info("Nothing to draw: tick a run below, and choose a quantity above.", icon=":material/visibility_off:")
    return _legend(rows, runs, marks, hidden, wanted, now)


def _shown(cuts: Mapping[str, Cut]) -> Mapping[str, Cut]:
    """Say what is cut off, and draw it after all when asked to."""
    if not cuts:
        return cuts
    with st.container(horizontal=True, vertical_alignment="center", key="outliers-line"):
        whole = st.toggle("Outliers", help=OUTLIERS, **_bound("outliers"))
        said = "All heights are shown." if whole else " ".join(_said(quantity, cut) for quantity, cut in cuts.items())
        st.caption(words.plain(said), width="content")
    return {} if whole else cuts


def _said(quantity: str, cut: Cut) -> str:
    """``Loss is cut at 9.2: a (to 2e+35) leaves the chart.``"""
    (low, high), (least, most) = cut.seen, cut.ends
    at = [words.figure(end) for end, beyond in ((low, least < low), (high, most > high)) if beyond]
    to = [words.figure(end) for end, beyond in ((least, least < low), (most, most > high)) if beyond]
    runs = ", ".join(cut.runs) if len(cut.runs) <= NAMED else words.counted(len(cut.runs), "run")
    title = overlay.NAMES.get(quantity, quantity)
    return f"{title} is cut at {' and '.join(at)}: {runs} {'reach' if len(cut.runs) > 1 else 'reaches'} {' and '.join(to)}."


def _ask(rows: Sequence[Row], runs: Mapping[str, Run]) -> tuple[list[str], overlay.Look]:
    known = overlay.quantities(runs.values())
    first = [q for q in overlay.FIRST[:2] if q in known] or known[:1]
    groups = fold_groups(rows)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.multiselect("Show", known, first, width=300, **_bound("show"))
        x = st.segmented_control("X-axis", AXES, default="step", on_change=_forget_zoom, **_bound("x"))
        window = st.selectbox(
            "Moving average, steps", WINDOWS, accept_new_options=True, width=190, help=AVERAGE, **_bound("smooth")
        )
        log_x = st.toggle("Log x", on_change=_forget_zoom, **_bound("logx"))
        log_y = st.toggle("Log y", help="Of all but accuracies. Key: l", **_bound("log"))
        banded = bool(groups) and st.toggle("Folds as mean", help=BAND, **_bound("folds"))
    return wanted, overlay.Look(x or "step", log_x, log_y, _steps(window), groups if banded else {})


def _bound(key: str) -> dict[str, Any]:
    """A widget whose value stands in the address; the same as on Diagnosis, where that has one of the name."""
    return {"key": key, "bind": "query-params", "persist_state": "session"}


def _steps(window: str | None) -> int | None:
    if window in (None, AUTO):
        return None
    return int(window) if window.isdecimal() else 0


def _forget_zoom() -> None:
    st.query_params.pop(ZOOM, None)


def _turn_log() -> None:
    st.session_state["log"] = not st.session_state.get("log", False)


def _marks(keys: Sequence[str], groups: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """What tells each run from the others; folds that are drawn as one share it."""
    one = {key: name for name, members in groups.items() for key in members}
    found = palette.assigned(list(dict.fromkeys(one.get(key, key) for key in keys)))
    return {key: found[one.get(key, key)] for key in keys}


def _missing(runs: Mapping[str, Run], x: Axis) -> None:
    left = [run.name for run in runs.values() if x not in axes_of(run)]
    if left:
        st.caption(words.plain(f"Left out, for the log does not say the {x}: {', '.join(left)}."))


def _legend(
    rows: Sequence[Row],
    runs: Mapping[str, Run],
    marks: Mapping[str, int],
    hidden: set[str],
    wanted: Sequence[str],
    now: float,
) -> str | None:
    """The runs with their colours, results, and the hyperparameters that differ."""
    names = differing(rows)[:SETTINGS]
    shown = [c for c in columns(rows, [setting(name) for name in names], now) if c.slug not in ("spark", "speed")]
    at = next((i for i, column in enumerate(shown) if column.slug in BEST), len(shown))
    shown[at:at] = _last(runs, wanted)
    keys = [row.key for row in rows]
    swatches = {key: palette.swatch(mark) for key, mark in marks.items()}
    look = Look(None, [k for k in keys if k not in hidden], chosen.HIDDEN.echo(), swatches=swatches, legend=True)
    opened = table(rows, shown, now, look, key=TABLE, on_chosen_change=partial(_hide, keys))
    _same(rows)
    return opened


def _last(runs: Mapping[str, Run], wanted: Sequence[str]) -> list[Field]:
    """The last value of the first quantity that is drawn, in validation where there is any."""
    tags = [tag for run in runs.values() for tag in run.curves if wanted and overlay.quantity(tag) == wanted[0]]
    if not tags:
        return []
    tag = max(tags)  # val comes after train
    last = {key: float(run[tag].values[-1]) for key, run in runs.items() if tag in run and len(run[tag])}
    return [Field("last", f"Last {tag}", lambda row, now: last.get(row.key))]


def _hide(keys: Sequence[str]) -> None:
    ticked, count = chosen.ticks(TABLE)
    chosen.HIDDEN.choose([key for key in keys if key not in ticked], count)


def _same(rows: Sequence[Row]) -> None:
    """What all runs have in common, for who wants to be sure."""
    differ = set(differing(rows))
    same = {name: value for name, value in rows[0].config.items() if name not in differ}
    if len(rows) > 1 and same:
        with st.expander(f"The same in all: {words.counted(len(same), 'hyperparameter')}"):
            st.markdown(
                words.plain(", ".join(f"{name} = {written(setting(name).slug, value)}" for name, value in same.items()))
            )
