"""A curve: one quantity over the steps of a run, kept exactly as it was logged."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from diagnostics.once import Measured, once

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Numbers = NDArray[np.float64] | NDArray[np.int64]  # NaN where unknown, or whole numbers throughout


@dataclass(frozen=True, eq=False)
class Curve(Measured):
    """One tag's values over steps.

    Attributes:
        tag: ``split/quantity``, see ``collector.schema``.
        steps: int64 [n], not decreasing.
        values: float64 [n]; NaN and Inf are kept where they were logged. A step without a value has no entry.
        wall_time: float64 [n] seconds since 1970; NaN where unknown.
    """

    tag: str
    steps: Ints
    values: Floats
    wall_time: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        steps = np.asarray(self.steps, dtype=np.int64)
        values = np.asarray(self.values, dtype=np.float64)
        wall_time = np.asarray(self.wall_time, dtype=np.float64)
        if wall_time.size == 0:
            wall_time = np.broadcast_to(np.float64(np.nan), steps.shape)  # takes no memory
        if not steps.shape == values.shape == wall_time.shape or steps.ndim != 1:
            raise ValueError(f"{self.tag}: steps, values and wall_time must be one-dimensional and equally long")
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "wall_time", wall_time)

    def __len__(self) -> int:
        return int(self.steps.size)

    @once
    def finite(self) -> "Curve":
        """The same curve without its NaN and Inf points."""
        keep = np.isfinite(self.values)
        return self if keep.all() else self.where(keep)

    def where(self, mask: NDArray[np.bool_]) -> "Curve":
        """The points that ``mask`` (bool [n]) keeps."""
        return Curve(self.tag, self.steps[mask], self.values[mask], self.wall_time[mask])

    def between(self, first: float, last: float) -> "Curve":
        """The points with ``first <= step <= last``."""
        return self.where((self.steps >= first) & (self.steps <= last))

    def at(self, steps: Ints) -> Floats:
        """Values in force at ``steps`` [m]: the last logged value at or before each; NaN before the first."""
        if np.array_equal(self.steps, steps) and (np.diff(self.steps) > 0).all():  # two tags of one log, as a rule
            return self.values
        where = np.searchsorted(self.steps, steps, side="right") - 1
        values = self.values[np.clip(where, 0, None)] if len(self) else np.full(np.shape(steps), np.nan)
        return np.where(where >= 0, values, np.nan)
