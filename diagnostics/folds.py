"""Folds of a cross-validation, and repeats with other seeds: which runs belong together, and their mean and spread."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from diagnostics.curve import Curve, Floats, Ints

# Names of hyperparameters that tell one repetition of the same training from another.
REPEATS = {
    "fold",
    "foldid",
    "foldidx",
    "cvfold",
    "seed",
    "randomseed",
    "rngseed",
    "splitseed",
    "dataseed",
    "randomstate",
}
IN_NAME = re.compile(r"[-_./ ]?(?:fold|seed)s?[-_=:. ]?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation (n − 1) of ``count`` finite values; ``sd`` is NaN of fewer than two."""

    count: int
    mean: float
    sd: float


@dataclass(frozen=True)
class Band:
    """Mean ± one sample standard deviation of several curves at ``steps`` [n]; NaN wherever one of them has no value."""

    steps: Ints
    mean: Floats
    sd: Floats

    @property
    def edges(self) -> tuple[Floats, Floats]:
        """Its lower and upper edge [n] each."""
        return self.mean - self.sd, self.mean + self.sd


def groups(runs: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, tuple[str, ...]]:
    """Keys of the runs that differ in nothing but fold or seed, by a name for each group of two or more.

    ``runs`` maps a key to the run's name and config. Fold or seed stand in the config or, where that is the same in
    all, in the name; equal configs alone make no group, for a config may be silent about what was changed.
    """
    alike: dict[object, list[str]] = {}
    for key, (_, config) in runs.items():
        rest = ((name, repr(value)) for name, value in config.items() if not _repeats(name))
        alike.setdefault(tuple(sorted(rest)), []).append(key)
    named: dict[str, tuple[str, ...]] = {}
    for keys in (group for same in alike.values() for group in _split(same, runs)):
        named[_free(common_name([runs[key][0] for key in keys]), named)] = tuple(keys)
    return named


def _split(keys: Sequence[str], runs: Mapping[str, tuple[str, Mapping[str, Any]]]) -> list[list[str]]:
    """Runs of one setting: one group when their configs number them, else those whose names do."""
    numbers = {tuple(repr(v) for name, v in runs[key][1].items() if _repeats(name)) for key in keys}
    if len(numbers) > 1:
        return [list(keys)]
    by_name: dict[str, list[str]] = {}
    for key in keys:
        if IN_NAME.search(name := runs[key][0]):
            by_name.setdefault(IN_NAME.sub("", name), []).append(key)
    return [group for group in by_name.values() if len(group) > 1]


def _repeats(name: str) -> bool:
    """Whether a hyperparameter numbers repetitions of the same training."""
    return re.sub(r"[^a-z]", "", re.split(r"[./]", name.lower())[-1]) in REPEATS


def common_name(names: Sequence[str]) -> str:
    """What ``names`` share: the name without fold and seed, else their common beginning."""
    bases = {IN_NAME.sub("", name) for name in names}
    if len(bases) == 1:
        return bases.pop() or names[0]
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same].rstrip("-_./ =") or f"{first} and {len(names) - 1} more"


def _free(name: str, taken: Mapping[str, object]) -> str:
    return next(n for i in range(1, len(taken) + 2) if (n := name if i == 1 else f"{name} ({i})") not in taken)


def spread(values: Sequence[float | None]) -> Spread:
    """Mean and spread of the finite ones among ``values``."""
    finite = np.array([v for v in values if v is not None and np.isfinite(v)], dtype=np.float64)
    mean = float(finite.mean()) if finite.size else np.nan
    return Spread(finite.size, mean, float(finite.std(ddof=1)) if finite.size > 1 else np.nan)


def band(curves: Sequence[Curve]) -> Band:
    """Mean and spread of ``curves``, each at the last value it logged, over the steps that all of them reached."""
    if not curves or not all(len(curve) for curve in curves):
        return Band(np.empty(0, np.int64), np.empty(0), np.empty(0))
    first, last = max(int(c.steps[0]) for c in curves), min(int(c.steps[-1]) for c in curves)
    steps = np.unique(np.concatenate([c.steps for c in curves]))
    steps = steps[(steps >= first) & (steps <= last)]
    values = np.stack([curve.at(steps) for curve in curves])
    values[~np.isfinite(values)] = np.nan
    with np.errstate(all="ignore"):
        sd = values.std(axis=0, ddof=1) if len(curves) > 1 else np.full(steps.size, np.nan)
        return Band(steps, values.mean(axis=0), sd)
