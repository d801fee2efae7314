"""A change read off the end of a curve, and how clearly it stands out of the noise."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Change:
    """A change and where it was read.

    Attributes:
        gain: in the curve's unit.
        error: its standard error.
        first_step, last_step: where the curve was looked at.
    """

    gain: float
    error: float
    first_step: int
    last_step: int

    @property
    def clarity(self) -> float:
        """|gain| in standard errors."""
        return abs(self.gain) / self.error if self.error > 0 else (np.inf if self.gain else 0.0)
