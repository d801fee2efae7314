"""Folds of one training as a band: their mean, and one standard deviation on either side."""

from collections.abc import Sequence

from app.plot import palette
from app.plot.drawn import Drawn, Look
from app.plot.points import array
from app.plot.quantities import tags
from app.plot.run_lines import Figure, line, on
from app.plot.text import text
from diagnostics import axis as x_axis
from diagnostics import folds, view


def fold_bands(name: str, members: Sequence[Drawn], wanted: str, i: int, look: Look, count: int) -> list[Figure]:
    """Mean of the folds as a line within a band of one standard deviation on either side."""
    found = sorted({tag for one in members for tag in tags(one.run, wanted)})
    return [trace for tag in found for trace in _band(name, [m for m in members if tag in m.run], tag, i, look, count)]


def _band(name: str, members: Sequence[Drawn], tag: str, i: int, look: Look, count: int) -> list[Figure]:
    window = look.window_of(members[0].run, tag)
    found = view.thin_band(folds.band([view.moving_average(one.run[tag], window) for one in members]), count)
    if not found.steps.size:
        return []
    low, high = found.edges
    x, mark = array(x_axis.at(members[0].run, found.steps, look.x)), members[0].mark
    hover = f"{text(name)}, {text(tag)}, mean of {len(members)} %{{y:.4~g}} ± %{{customdata:.3~g}}<extra></extra>"
    edge = {**on(i, name), "x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        {**edge, "y": array(low)},
        {**edge, "y": array(high), "fill": "tonexty", "fillcolor": palette.fill(mark)},
        {**on(i, name), "x": x, "y": array(found.mean), "customdata": array(found.sd), **line(mark, tag), "hovertemplate": hover},
    ]  # fmt: skip
