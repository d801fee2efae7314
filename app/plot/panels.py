"""Which panels a run's chart stack has, top to bottom, and which curves stand in each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.plot.text import text
from collector.schema import (
    EXCESS_LOSS,
    GRAD_NORM,
    LR,
    STEP_TIME,
    TRAIN_ACCURACY,
    TRAIN_LOSS,
    UNITS,
    UPDATE_ALIGNMENT,
    UPDATE_RATIO,
    VAL_ACCURACY,
    VAL_LOSS,
)
from diagnostics import view
from diagnostics.report import Report
from diagnostics.run import Run

TALL, LOW = 300, 130  # px
HUES = 8  # colours $c0 to $c7 of chart.js: told apart by colour-blind eyes, on white and on black


@dataclass(frozen=True)
class Line:
    """A curve in a panel; ``colour`` is a name that the browser turns into a colour of its theme."""

    tag: str
    name: str
    colour: str
    dashed: bool = False
    smooth: bool = False


@dataclass(frozen=True)
class Panel:
    """One y-axis of the stack. ``guide`` is a level to aim for, ``band`` where it may lie; ``best`` the tag to mark.

    ``on_demand``: shown only when a finding points at it or the reader asks. ``from_zero``: the axis includes 0.
    ``gap``: the tags whose distance is shaded.
    """

    title: str
    lines: tuple[Line, ...]
    height: int = LOW
    log: bool = False
    guide: float | None = None
    band: tuple[float, float] | None = None
    best: str | None = None
    best_is_largest: bool = False
    on_demand: bool = False
    from_zero: bool = False
    gap: tuple[str, str] | None = None

    @property
    def short(self) -> str:
        """The title without its explanation."""
        return self.title.partition(":")[0]

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags drawn here."""
        return tuple(line.tag for line in self.lines)


def _pair(train: str, val: str) -> tuple[Line, Line]:
    """Training solid and validation dashed, in one hue."""
    return Line(train, "train", "train", smooth=True), Line(val, "validation", "val", dashed=True)


PANELS = (
    Panel("Loss", _pair(TRAIN_LOSS, VAL_LOSS), TALL, best=VAL_LOSS),
    Panel(
        "Accuracy",
        _pair(TRAIN_ACCURACY, VAL_ACCURACY),
        LOW,
        best=VAL_ACCURACY,
        best_is_largest=True,
        gap=(TRAIN_ACCURACY, VAL_ACCURACY),
    ),
    Panel(
        "Update ratio: update norm / weight norm",
        (Line(UPDATE_RATIO, "update ratio", "other", smooth=True),),
        log=True,
        guide=1e-3,  # the course: "ratio of update to weight magnitude wants to be near 1e-3"
        band=(1e-4, 1e-2),  # one decade around it
    ),
    Panel(
        "Update alignment: downhill above 0",
        (Line(UPDATE_ALIGNMENT, "update alignment", "other", smooth=True),),
        guide=0.0,
        on_demand=True,
    ),
    Panel(
        "Excess loss: what the wandering of the weights costs",
        (Line(EXCESS_LOSS, "excess loss", "other", smooth=True),),
        guide=0.0,
        on_demand=True,
    ),
    Panel("Gradient norm", (Line(GRAD_NORM, "gradient norm", "other", smooth=True),), log=True),
    Panel("Learning rate", (Line(LR, "learning rate", "other"),), from_zero=True),
    Panel("Step time: s", (Line(STEP_TIME, "step time", "other", smooth=True),), from_zero=True, on_demand=True),
)


def panels_of(run: Run, report: Report, more: Sequence[str] = ()) -> list[Panel]:
    """The panels with something to show; those on demand where a finding points at them or ``more`` (tags) names them."""
    wanted = {*more, *(evidence.tag for finding in report.findings for evidence in finding.evidence)}
    shown = [
        _with_evaluations(panel, run)
        for panel in PANELS
        if any(_drawable(run, tag) for tag in panel.tags) and (not panel.on_demand or wanted.intersection(panel.tags))
    ]
    drawn = {tag for panel in shown for tag in panel.tags}
    return shown + _further([tag for tag in dict.fromkeys(more) if _drawable(run, tag) and tag not in drawn])


def offered(run: Run) -> list[str]:
    """Every tag that can be drawn beside the usual panels."""
    usual = {tag for panel in PANELS if not panel.on_demand for tag in _with_evaluations(panel, run).tags}
    return sorted(tag for tag in run.curves if _drawable(run, tag) and tag not in usual)


def _drawable(run: Run, tag: str) -> bool:
    return tag in run and len(run[tag]) > 0


def _with_evaluations(panel: Panel, run: Run) -> Panel:
    """``panel`` with a dashed line for each further evaluation set of a loss or an accuracy."""
    others = view.evaluations(run, panel.best) if panel.best else []
    lines = [Line(tag, text(tag), f"c{(i + 1) % HUES}", dashed=True) for i, tag in enumerate(others)]
    return replace(panel, lines=(*panel.lines, *lines))


def _further(tags: Sequence[str]) -> list[Panel]:
    """A panel for each of ``tags``, those of one quantity on training and validation data together."""
    by_quantity: dict[str, list[str]] = {}
    for tag in tags:
        split, _, quantity = tag.partition("/")
        by_quantity.setdefault(quantity if split in ("train", "val") else tag, []).append(tag)
    return [Panel(_title(name, found), tuple(map(_line, found))) for name, found in by_quantity.items()]


def _title(quantity: str, tags: Sequence[str]) -> str:
    unit = UNITS.get(tags[0], "")
    return text(tags[0] if len(tags) == 1 else quantity) + (f": {unit}" if unit else "")


def _line(tag: str) -> Line:
    dashed = tag.startswith("val/")
    return Line(tag, text(tag), "c2", dashed=dashed, smooth=not dashed and not tag.startswith(LR))
