"""One run as one HTML file: it opens offline, asks nobody for anything, and shows what the Diagnosis page shows."""

import json
from html import escape
from pathlib import Path
from typing import Any

from app.plot import bands, heatmap
from app.plot.figure import stack
from app.plot.panels import panels_of
from app.plot.points import PER_CELL, Sight
from app.plot.x_axis import XAxis
from app.report import words
from diagnostics import heat
from diagnostics.report import Report
from diagnostics.run import Run

HERE = Path(__file__).parent
COLOURS = HERE.parent / "plot" / "colours.js"
CELLS, LEAST, MOST = 12_000, 20, 300  # of a map of layers, and columns of it: the file stays under 6 MB
NO_REQUEST = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"

Figure = dict[str, Any]


def html(run: Run, report: Report, plotly_js: str) -> str:
    """The whole file. ``plotly_js`` is the source of plotly.js; everything that comes from the run is escaped."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{NO_REQUEST}">
<title>{escape(run.name)} – Curvewise</title>
<style>{(HERE / "page.css").read_text("utf-8")}</style>
</head>
<body>
{words.body(run, report)}
<script type="application/json" id="figures">{data(figures(run, report))}</script>
<script>{_script(plotly_js)}</script>
<script>{_script(COLOURS.read_text("utf-8") + (HERE / "page.js").read_text("utf-8"))}</script>
</body>
</html>
"""


def _script(code: str) -> str:
    """``code`` so that nothing in it ends its element."""
    return code.replace("</script", "<\\/script")


def figures(run: Run, report: Report) -> dict[str, Figure]:
    """The charts by the id of their place: the curves, and the layers where there are any."""
    drawn = {"curves": _curves(run, report)} if panels_of(run, report) else {}
    for quantity in heatmap.NAMES:
        figure = _layers(run, quantity)
        if figure:
            drawn[f"layers-{quantity}"] = figure
    return drawn


def data(figures: dict[str, Figure]) -> str:
    """JSON that can stand within a script element, whatever names it holds."""
    return json.dumps(figures, allow_nan=False).replace("<", "\\u003c")


def _curves(run: Run, report: Report) -> Figure:
    panels, along = panels_of(run, report), XAxis(run)
    figure = stack(run, panels, window=None, log=False)
    bands.shade(figure, panels, report.findings, -1, along)
    bands.mark_resumes(figure, along)
    return figure


def _layers(run: Run, quantity: str) -> Figure | None:
    if run.layers is None or run.layers.empty:
        return None
    worst, layers = heat.worst(run, quantity, words.WORST), len(heat.table(run, quantity)[0])
    sight = Sight(count=PER_CELL * min(max(CELLS // layers, LEAST), MOST))
    return heatmap.figure(run, quantity, worst, sight=sight, key=None)
