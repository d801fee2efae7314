"""A run: the narrow waist between everything that records training and everything that judges it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, overload

import numpy as np
import pandas as pd

from collector.schema import RUNNING, STEP, Shape
from diagnostics.curve import Curve
from diagnostics.once import Measured


@dataclass(frozen=True, eq=False)
class Run(Measured):
    """One training attempt, or an attempt and its resumes.

    Attributes:
        name: what people call it.
        curves: by tag; a tag that was never logged is absent.
        epochs: the epoch as a curve over steps (tag ``epoch``), or None when the log does not say.
        source: where it was read from, for messages; "" when made in memory.
        config: hyperparameters as the user gave them.
        classes: number of classes of a classification, when known.
        loss: the loss' name, when known, e.g. ``cross_entropy``.
        state: ``running``, ``finished``, ``crashed``, or None for a log that does not say.
        exception: the last line of the traceback of a crashed run.
        layers: DataFrame of ``collector.schema.LAYERS_SCHEMA``, or None.
        shapes: of the layers by name, as far as they were recorded.
        left_out: the same of the model's parameters that ask for a gradient and that no optimizer holds.
        ranks: curves by tag of the other processes of a distributed training, by rank: loss and step time.
        resumed_at: steps at which a later attempt took over.
        superseded: curves by tag of points that a resume rewound over; kept, never judged.
        sketched: whether validation shows where training went between the few losses that were logged (``stats.hardly_logged``).
        means: tags of which each point is the mean over all steps since the one before it.
        notes: one-line remarks of the reader on how the log was understood or what in it was damaged.
    """

    name: str
    curves: Mapping[str, Curve]
    epochs: Curve | None = None
    source: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    classes: int | None = None
    loss: str | None = None
    state: str | None = None
    exception: str | None = None
    layers: pd.DataFrame | None = None
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    left_out: Mapping[str, Shape] = field(default_factory=dict)
    ranks: Mapping[int, Mapping[str, Curve]] = field(default_factory=dict)
    resumed_at: tuple[int, ...] = ()
    superseded: Mapping[str, Curve] = field(default_factory=dict)
    sketched: bool = False
    means: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @overload
    def get(self, tag: str) -> Curve | None: ...
    @overload
    def get(self, tag: str, default: Curve) -> Curve: ...
    def get(self, tag: str, default: Curve | None = None) -> Curve | None:
        """The curve of ``tag``, or ``default`` when it was never logged."""
        return self.curves.get(tag, default)

    def __getitem__(self, tag: str) -> Curve:
        return self.curves[tag]

    def __contains__(self, tag: str) -> bool:
        return tag in self.curves

    def setting(self, name: str) -> float | None:
        """A hyperparameter as a number; None when it is not set, or set to something else such as "auto"."""
        value = self.config.get(name)
        try:
            return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
        except OverflowError:  # a whole number beyond all floats
            return None

    def per_epoch(self, tag: str) -> bool:
        """Whether ``tag`` was logged about once an epoch or more rarely, so that a point stands for a pass over the data."""
        curve = self.curves.get(tag)
        if self.epochs is None or curve is None or len(curve) < 2:
            return False
        apart = np.diff(self.epochs.at(curve.steps))
        known = apart[np.isfinite(apart)]
        return bool(known.size and np.median(known) >= 0.9)  # 1, but for rounding in the log

    def until(self, step: float) -> "Run":
        """The run as whoever watched it saw it after ``step``: nothing later is known, and it was still running.

        At its last step or later the run is itself.
        """
        if step >= self.last_step:
            return self
        return replace(
            self,
            curves=_cut(self.curves, step),
            epochs=None if self.epochs is None else _before(self.epochs, step),
            state=RUNNING,
            exception=None,
            layers=None if self.layers is None else self.layers[self.layers[STEP] <= step].reset_index(drop=True),
            ranks={rank: _cut(curves, step) for rank, curves in self.ranks.items()},
            resumed_at=tuple(at for at in self.resumed_at if at <= step),
            superseded=_cut(self.superseded, step) if any(at <= step for at in self.resumed_at) else {},
        )

    @property
    def last_step(self) -> int:
        """The largest step of any curve; 0 for an empty run."""
        return max((int(c.steps[-1]) for c in self.curves.values() if len(c)), default=0)

    @property
    def last_time(self) -> float | None:
        """Wall time (s since 1970) of the newest row, or None when no curve has one."""
        times = [c.wall_time[-1] for c in self.curves.values() if len(c) and c.wall_time[-1] == c.wall_time[-1]]
        return float(max(times)) if times else None


def _cut(curves: Mapping[str, Curve], step: float) -> dict[str, Curve]:
    """What was logged by ``step``; a curve that begins later was not there yet."""
    return {tag: cut for tag, curve in curves.items() if len(cut := _before(curve, step))}


def _before(curve: Curve, step: float) -> Curve:
    """The points up to ``step``, without a copy: steps do not decrease."""
    end = int(np.searchsorted(curve.steps, step, side="right"))
    return Curve(curve.tag, curve.steps[:end], curve.values[:end], curve.wall_time[:end])
