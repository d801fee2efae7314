"""What a past log says, in the words of the tool that wrote it: the step between a file and a ``Run``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diagnostics.curve import Floats, Ints, Numbers


@dataclass(frozen=True)
class Meaning:
    """What a series of a log was taken for.

    Attributes:
        tag: what it is called from here on, see ``collector.schema``.
        scale: what its values are multiplied by, e.g. 0.01 for per cent.
        one_minus: the result is one minus that: an error rate became an accuracy.
        guessed: a phrase that says why, where the name alone does not settle it; "" where it does.
        mean: whether each value is the mean over all steps since the one before it.
    """

    tag: str
    scale: float = 1.0
    one_minus: bool = False
    guessed: str = ""
    mean: bool = False

    def of(self, values: Floats) -> Floats:
        """``values`` in the tag's own unit."""
        with np.errstate(all="ignore"):  # a damaged file may hold NaN of the kind that signals
            scaled = values if self.scale == 1.0 else values * self.scale
            return 1 - scaled if self.one_minus else scaled


@dataclass(frozen=True, eq=False)
class Series:
    """One quantity as it was logged, in the order of the log.

    Attributes:
        name: as in the log.
        values: float64 [n]; NaN and Inf where the log says so. What was not logged has no entry.
        steps: [n]; NaN where the log does not say.
        epochs: [n], NaN where unknown; None when the log has none. Only needed where a step is missing.
        wall_time: float64 [n] seconds since 1970, NaN where unknown; None when the log has none.
        order: int64 [n], rising: the row or record of each point, the same count for all series of a log, so that a restart
            seen in one is known in all; ``range(n)`` where every row has a point; None when each series was logged by itself.
    """

    name: str
    values: Floats
    steps: Numbers
    epochs: Numbers | None = None
    wall_time: Floats | None = None
    order: Ints | range | None = None

    def __len__(self) -> int:
        return int(self.values.size)

    @property
    def rows(self) -> Ints:
        """``order`` as an array; the number of each point where the series was logged by itself."""
        return self.order if isinstance(self.order, np.ndarray) else np.arange(len(self))

    def at(self, points: NDArray[np.bool_] | Ints) -> "Series":
        """The points that ``points`` (bool [n], or places) picks."""
        epochs = None if self.epochs is None else self.epochs[points]
        time = None if self.wall_time is None else self.wall_time[points]
        rows = self.rows if points.size else np.empty(0, np.int64)
        order = None if self.order is None else rows[points]
        return Series(self.name, self.values[points], self.steps[points], epochs, time, order)


def distinct(arrays: Iterable[Numbers]) -> list[Numbers]:
    """Each array once: the columns of a table have their steps in common."""
    return list({id(a): a for a in arrays}.values())


@dataclass(frozen=True, eq=False)
class Log:
    """One run as its log tells it; ``understand`` makes a ``Run`` of it.

    Attributes:
        name: what people call the run.
        source: where it was read from, for messages.
        series: in the order of the log, no name twice.
        epochs: the epoch over steps (``values`` are epochs), where a log has both.
        meanings: by series name, what the format itself settles; all others are told by their names.
        config, classes, loss, state, exception: as in ``Run``.
        split: of which split the quantities are whose names do not say, as ``names.split_of`` the file's name; "" where unknown.
        notes: one-line remarks on what was damaged or left out.
    """

    name: str
    source: str
    series: tuple[Series, ...]
    epochs: Series | None = None
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    classes: int | None = None
    loss: str | None = None
    state: str | None = None
    exception: str | None = None
    split: str = ""
    notes: tuple[str, ...] = ()
