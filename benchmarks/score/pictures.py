"""The runs that were judged wrongly, as small multiples: the curves, what is true, what was said, and where it was seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import Report, Run
from diagnostics.curve import Curve
from diagnostics.view import moving_average, thin, window_for

TRAIN, VAL = (
    "#0072B2",
    "#D55E00",
)  # blue and vermilion of Okabe and Ito: told apart by the colour-blind, and in grey by the dash
INK, PALE, GRID = "#222222", "#6e6e6e", "#d9d9d9"
SEEN = "#efefef"  # the span of the evidence
COLUMNS = 4
PANEL = (2.75, 2.05)  # inches
EDGES = {"left": 0.42, "right": 0.12, "top": 0.55, "bottom": 0.62}  # inches around the panels
DPI = 130
WIDEST = 38  # letters of a name over a panel
FEW = 12  # points that are drawn as dots too
COLOURS = 64
DECADES = 1.3  # a loss that spans more factors of ten than this is drawn on a logarithm
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.edgecolor": PALE,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": PALE,
    "ytick.color": PALE,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.color": INK,
}


@dataclass(frozen=True)
class Miss:
    """A run whose verdict was wrong."""

    name: str
    truth: str
    run: Run
    report: Report


def draw(misses: Sequence[Miss], file: Path) -> None:
    """Write all of ``misses`` as one PNG, white behind, so that it can be read on a dark page as well."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    rows = math.ceil(len(misses) / COLUMNS)
    columns = min(COLUMNS, len(misses))
    width = columns * PANEL[0] + EDGES["left"] + EDGES["right"]
    height = rows * PANEL[1] + EDGES["top"] + EDGES["bottom"]
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False, facecolor="white")
        for miss, axis in zip(misses, axes.flat, strict=False):
            _panel(axis, miss)
        for axis in axes.flat[len(misses) :]:
            axis.set_axis_off()
        figure.subplots_adjust(
            left=EDGES["left"] / width,
            right=1 - EDGES["right"] / width,
            top=1 - EDGES["top"] / height,
            bottom=EDGES["bottom"] / height,
            wspace=0.24,
            hspace=0.52,
        )
        _key(figure, height)
        _save(figure, file)
        plt.close(figure)


def _save(figure: Any, file: Path) -> None:
    """A PNG of few colours: a fifth of the size, and no eye sees the difference."""
    from PIL import Image

    file.parent.mkdir(parents=True, exist_ok=True)
    drawn = BytesIO()
    figure.savefig(drawn, dpi=DPI, facecolor="white")
    Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def _panel(axis: Any, miss: Miss) -> None:
    train, val = miss.run.get(TRAIN_LOSS), miss.run.get(VAL_LOSS)
    evidence = miss.report.headline.evidence[0]
    axis.axvspan(
        evidence.first_step, max(evidence.last_step, evidence.first_step + 1), color=SEEN, linewidth=0, zorder=0
    )
    if train is not None:
        _line(axis, train, TRAIN, alpha=0.25, linewidth=0.5)
        _line(axis, moving_average(train, window_for(train)), TRAIN, linewidth=1.2)
    if val is not None:
        _line(axis, val, VAL, linewidth=1.2, linestyle=(0, (3.2, 1.6)))
    for curve, colour in ((train, TRAIN), (val, VAL)):
        if curve is not None:
            _mark_lost(axis, curve, colour)
    _scale(axis, [c for c in (train, val) if c is not None], miss.run.last_step)
    axis.set_title(_shortened(miss.name), loc="left", fontsize=7.5, color=PALE, pad=15)
    axis.text(0, 1.035, miss.truth, transform=axis.transAxes, fontsize=8, fontweight="bold", va="bottom")
    axis.text(1, 1.035, f"said {miss.report.verdict}", transform=axis.transAxes, fontsize=8, va="bottom", ha="right")


def _mark_lost(axis: Any, curve: Curve, colour: str) -> None:
    """A cross where the curve stops being finite."""
    lost = thin(curve, 600)
    if lost.broken.size:
        axis.plot(lost.broken[:1], lost.broken_at[:1], "x", color=colour, markersize=5, markeredgewidth=1.3, zorder=4)


def _line(axis: Any, curve: Curve, colour: str, **how: Any) -> None:
    drawn = thin(curve, 600)
    dot = {"marker": "o", "markersize": 2.5} if len(curve) <= FEW else {}  # a line of one point is none
    axis.plot(drawn.steps, drawn.values, color=colour, **how, **dot)


def _scale(axis: Any, curves: Sequence[Curve], last: int) -> None:
    """Axes that show the body of the curves: a single blow-up must not flatten the rest."""
    from matplotlib.ticker import MaxNLocator, NullFormatter

    values = np.concatenate([c.finite().values for c in curves])
    low, high = (float(np.percentile(values, q)) for q in (0.2, 99.5)) if values.size else (0.0, 1.0)
    if low > 0 and high / low > 10**DECADES:
        axis.set_yscale("log")
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.set_ylim(low / 1.3, high * 1.3)
    else:
        room = 0.06 * (high - low or abs(high) or 1.0)
        axis.set_ylim(low - room, high + room)
        axis.yaxis.set_major_locator(MaxNLocator(4))
    axis.set_xlim(0, max(last, 1))
    axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axis.xaxis.set_major_formatter(lambda step, _: _count(step))
    axis.grid(axis="y", color=GRID, linewidth=0.5, zorder=0)
    axis.set_axisbelow(True)


def _count(step: float) -> str:
    return f"{step / 1000:g} k" if step >= 1000 else f"{step:g}"


def _shortened(name: str) -> str:
    return name if len(name) <= WIDEST else name[: WIDEST - 1] + "…"


def _key(figure: Any, height: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Line2D([], [], color=TRAIN, linewidth=1.4, label="training loss"),
        Line2D([], [], color=VAL, linewidth=1.4, linestyle=(0, (3.2, 1.6)), label="validation loss"),
        Line2D([], [], color=PALE, linestyle="", marker="x", markersize=5, label="no longer finite"),
        Patch(facecolor=SEEN, label="where the verdict was seen"),
    ]
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.012, 0.02 / height), ncols=4, frameon=False, fontsize=8
    )
    figure.text(0.988, 0.14 / height, "across: steps · bold: the truth", ha="right", fontsize=8, color=PALE)
