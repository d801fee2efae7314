"""Which panels a run's chart stack has, top to bottom, and which curves stand in each."""

from dataclasses import dataclass

from collector.schema import (
    GRAD_NORM,
    LR,
    TRAIN_ACCURACY,
    TRAIN_LOSS,
    UPDATE_RATIO,
    VAL_ACCURACY,
    VAL_LOSS,
)
from diagnostics.report import Report
from diagnostics.run import Run

TALL, LOW = 300, 130  # px


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

    ``on_demand``: shown only when a finding points at it. ``from_zero``: the axis includes 0.
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
    Panel("Accuracy", _pair(TRAIN_ACCURACY, VAL_ACCURACY), LOW, best=VAL_ACCURACY, best_is_largest=True),
    Panel(
        "Update ratio: update norm / weight norm",
        (Line(UPDATE_RATIO, "update ratio", "other", smooth=True),),
        log=True,
        guide=1e-3,  # the course: "ratio of update to weight magnitude wants to be near 1e-3"
        band=(1e-4, 1e-2),  # one decade around it
    ),
    Panel("Gradient norm", (Line(GRAD_NORM, "gradient norm", "other", smooth=True),), log=True, on_demand=True),
    Panel("Learning rate", (Line(LR, "learning rate", "other"),), from_zero=True),
)


def panels_of(run: Run, report: Report) -> list[Panel]:
    """The panels with something to show; those on demand only where a finding points at them."""
    blamed = {evidence.tag for finding in report.findings for evidence in finding.evidence}
    return [
        panel
        for panel in PANELS
        if any(tag in run and len(run[tag]) for tag in panel.tags)
        and (not panel.on_demand or blamed.intersection(panel.tags))
    ]
