"""What a log tells, in the form of ``truth.json``."""

from collections.abc import Iterable, Mapping

import numpy as np

from diagnostics.readers import Log


def points(log: Log) -> dict[str, list[tuple[float, float]]]:
    """Step and value of every point, by name."""
    return {s.name: list(zip(s.steps.tolist(), s.values.tolist(), strict=True)) for s in log.series}


def same(found: Iterable[Iterable[float]], logged: Iterable[Iterable[float]]) -> bool:
    """Whether both are the same points in the same order; NaN is NaN."""
    return np.array_equal(np.array(list(found), float), np.array(list(logged), float), equal_nan=True)


def agrees(log: Log, logged: Mapping[str, Iterable[Iterable[float]]]) -> list[str]:
    """The names whose points differ from what was logged, those that are missing too; of a sound reading none."""
    found = points(log)
    return [name for name, truth in logged.items() if not same(found.get(name, []), truth)]
