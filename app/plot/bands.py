"""Where the findings are: their spans shaded in the panels they were measured in, and numbered as in the list beside."""

from collections.abc import Sequence
from typing import Any

from app.plot.panels import Panel
from app.plot.traces import axis
from app.plot.x_axis import XAxis
from diagnostics.report import Evidence, Finding

APART = 0.05  # of the width: two numbers closer than that stand on two rows, on a phone too
ROW = 17  # px between rows of numbers
MARGIN = 0.15  # of a span, shown on either side of it when zoomed


def shade(
    figure: dict[str, Any], panels: Sequence[Panel], findings: Sequence[Finding], chosen: int, along: XAxis
) -> None:
    """Add the spans of ``findings`` to ``figure``; notes are shaded only when chosen, lest all be shaded always.

    A click on a span, or on its number, is the key of that number.
    """
    clickable: list[list[Any]] = figure["layout"].setdefault("meta", {}).setdefault("spans", [])
    taken: list[tuple[float, int]] = []
    for i, finding in enumerate(findings):
        if finding.severity == "info" and i != chosen:
            continue
        spans = joined([(_panel(e, panels), e.first_step, e.last_step) for e in finding.evidence])
        figure["layout"]["shapes"] += [s for span in spans for s in _span(*span, finding.severity, i == chosen, along)]
        clickable += [[i + 1, axis(panel), along.at(first), along.at(last)] for panel, first, last in spans]
        panel, first, _ = spans[0]
        row = _free_row(taken, along.share(first))
        figure["layout"]["annotations"].append(_number(i + 1, panel, along.note(first), row, finding.severity))


def joined(spans: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Panel, first and last step of each span; those of one panel that overlap are one, lest they be shaded twice."""
    found: list[tuple[int, int, int]] = []
    for panel, first, last in sorted(set(spans)):
        if found and found[-1][0] == panel and first <= found[-1][2]:
            found[-1] = (panel, found[-1][1], max(last, found[-1][2]))
        else:
            found.append((panel, first, last))
    return found


def mark_resumes(figure: dict[str, Any], along: XAxis) -> None:
    """A dotted line through all panels wherever a later attempt took over."""
    for step in along.run.resumed_at:
        line = {"color": "$other", "width": 1, "dash": "dot"}
        place = {"xref": "x", "x0": along.at(step), "x1": along.at(step), "yref": "paper", "y0": 0, "y1": 1}
        figure["layout"]["shapes"].append({"type": "line", **place, "line": line})
        text = {
            "text": "resumed",
            "xref": "x",
            "x": along.note(step),
            "yref": "y domain",
            "y": 0,
            "yanchor": "bottom",
            "xanchor": "left",
        }
        figure["layout"]["annotations"].append({**text, "showarrow": False, "font": {"color": "$other", "size": 11}})


def around(finding: Finding, along: XAxis) -> list[float]:
    """The stretch of the axis that shows a finding with a little of what comes before and after."""
    last = along.run.last_step
    first, end = min(e.first_step for e in finding.evidence), max(e.last_step for e in finding.evidence)
    margin = max(MARGIN * (end - first), 0.02 * last, 1)
    ends = max(first - margin, 0), min(end + margin, last + margin)
    return [along.at(step) for step in ends]


def _panel(evidence: Evidence, panels: Sequence[Panel]) -> int:
    """Number of the panel that shows the evidence's tag; the first when none does."""
    return next((i for i, panel in enumerate(panels, 1) if evidence.tag in panel.tags), 1)


def _span(panel: int, first: int, last: int, severity: str, chosen: bool, along: XAxis) -> list[dict[str, Any]]:
    y = axis(panel)
    place = {"xref": "x", "yref": f"{y} domain", "x0": along.at(first), "y0": 0, "y1": 1}
    edge = {"color": f"${severity}", "width": 2 if chosen else 1}
    return [
        {
            "type": "rect",
            **place,
            "x1": along.at(last),
            "fillcolor": f"${severity}Fill",
            "line": {"width": 0},
            "layer": "below",
        },
        {"type": "line", **place, "x1": along.at(first), "line": edge, "layer": "below"},
    ]


def _free_row(taken: list[tuple[float, int]], at: float) -> int:
    """The first row whose numbers are all far enough from ``at`` (0–1 of the width)."""
    rows = {row for other, row in taken if abs(other - at) < APART}
    row = next(r for r in range(len(rows) + 1) if r not in rows)
    taken.append((at, row))
    return row


def _number(number: int, panel: int, x: float, row: int, severity: str) -> dict[str, Any]:
    y = axis(panel)
    place = {"xref": "x", "x": x, "yref": f"{y} domain", "y": 1, "yanchor": "top", "xanchor": "left"}
    look = {
        "font": {"color": f"${severity}", "size": 12},
        "showarrow": False,
        "yshift": -ROW * row,
        "xshift": 2,
        "captureevents": True,
    }
    return {"text": f"<b>{number}</b>", **place, **look}
