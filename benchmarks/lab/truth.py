"""Keep a label only where it is a fact: undoing the fault must help by much, and what a rival label calls for by little.

One measure for all: what a change takes off the final validation loss, as a share of it; a loss below ``FLOOR`` of the whole fall counts as that, because
what is left then is the noise of a few validation rows. A change **helps** from ``HELPS`` on and brings **nothing** below ``NOTHING``; a run between
the two gets no label. Where the change that a rival label calls for helps as well, the cure must bring ``TWICE`` as much; more steps always make good
for steps that were too short, so there the cure must end ``HELPS`` below what more steps come to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.lab.cases import Case
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.train import Result

FLOOR = 0.05  # of the fall from before the first step to the end
HELPS = 0.10  # of the final loss
NOTHING = 0.05  # of the final loss
HIGH_HELPS = 0.20  # of the final loss: what a lower constant rate must bring; below HELPS the rate is about the best constant one
TWICE = 2.0
SLOWER = 3.0  # steps to half of the cured run's fall over those of the cured run
WAITS = 0.04  # of the run before half of the fall: a shorter wait costs nothing
SPOILT = 0.10  # of the loss at the best step: the rise since, of validation and of a part that nobody watched
KEEPS = 0.05  # the same of a run that does not overfit
GAP = 1.30  # validation over training loss at the end: an underfitting run has none worth the name
THROW_OUT = ("diverged", "lr_too_high", "bad_initialization")  # faults that end in a divergence when they are strong
ONE_FAULT = ("lr_too_low", "decay_too_early", "underfitting", "keep_training")  # that overfitting could hide
STUCK = 0.98  # a loss that ends above this share of that of the untouched network has learned nothing (DeepOBS' bound)
ROSE = 1.50  # of that loss: weights that were thrown out; what never left a bad start does not rise so far


@dataclass(frozen=True)
class _Rivals:
    """The rival changes' results by name, looked up only when asked for: most need not be trained."""

    case: Case
    results: Mapping[Recipe, Result]

    def __getitem__(self, name: str) -> Result:
        return self.results[self.case.rivals[name].quiet]


@dataclass(frozen=True)
class Seen:
    """A run's result beside those of its cure and of the rival changes, by name."""

    run: Result
    cure: Result | None
    rivals: _Rivals

    def gain(self, other: Result | None) -> float:
        """What ``other`` takes off the final validation loss, as a share of it; below 0 when it ends higher."""
        return -np.inf if other is None else gain(self.run, other)

    def helps(self, other: Result | None, least: float = HELPS) -> bool:
        """Whether ``other`` ends clearly lower."""
        return self.gain(other) >= least

    def nothing(self, name: str) -> bool:
        """Whether the rival change brings next to nothing, or harm."""
        return self.gain(self.rivals[name]) < NOTHING

    def ends_below(self, name: str) -> bool:
        """Whether the cure ends clearly below the rival change."""
        return self.cure is not None and gain(self.rivals[name], self.cure) >= HELPS

    def beats(self, *names: str) -> bool:
        """Whether the cure brings twice what each rival change brings."""
        return all(self.gain(self.cure) >= TWICE * self.gain(self.rivals[name]) for name in names)


def label(case: Case, results: Mapping[Recipe, Result]) -> tuple[str | None, str]:
    """The verdict the run must get, and ""; or None and why it has no label.

    Raises:
        KeyError: of the recipe whose result must be known first.
    """
    seen = Seen(results[case.recipe.quiet], results[case.cure.quiet] if case.cure else None, _Rivals(case, results))
    fault = case.fault
    if diverged(seen.run, ROSE if fault == "bad_initialization" else STUCK) and fault in THROW_OUT:
        return ("diverged", "") if seen.helps(seen.cure) else (None, "the cure does not help")
    if fault == "diverged":
        fault = "lr_too_high"
    why = FACTS[fault](seen)
    if not why and fault in ONE_FAULT and spoilt(seen.run) > SPOILT:
        why = "it overfits as well"
    return (None, why) if why else (fault, "")


def gain(run: Result, other: Result) -> float:
    """What ``other``'s final validation loss is below ``run``'s, as a share of the latter or of ``FLOOR``."""
    if not np.isfinite(other.val):
        return -np.inf
    return 1.0 if not np.isfinite(run.val) else (run.val - other.val) / max(run.val, FLOOR * (run.first - run.val))


def diverged(run: Result, above: float = STUCK) -> bool:
    """Not finite at the end, or the training loss ends above that share of the loss of the untouched network."""
    fall = np.array(run.fall)
    end = np.mean(fall[-max(1, len(fall) // 20) :])
    return not np.isfinite(end) or not np.isfinite(run.val) or bool(end > above * run.first)


def spoilt(run: Result) -> float:
    """How much the best step is below the end, by validation and by the part that nobody watched: the smaller of the two."""
    _, val, held = run.best
    floor = FLOOR * (run.first - run.val)
    return min((run.val - val) / max(val, floor), (run.held - held) / max(held, floor))


def half(run: Result, cured: Result) -> float:
    """The share of the run until its training loss is half way down to where ``cured`` ends; 1 when it never is."""
    fall = np.array(run.fall)
    goal = (cured.fall[0] + np.mean(cured.fall[-10:])) / 2
    below = np.flatnonzero(fall < goal)
    return (below[0] + 1) / len(fall) if below.size else 1.0


def _healthy(seen: Seen) -> str:
    if seen.run.val > (1 - HELPS) * seen.run.first:
        return "learned nothing"
    if spoilt(seen.run) > KEEPS:
        return "a little overfitting"
    changes = [name for name in seen.rivals.case.rivals if name != "wider"]
    found = next((f"{name} brings something" for name in changes if not seen.nothing(name)), "")
    return found or ("a larger network helps" if seen.helps(seen.rivals["wider"]) else "")


def _too_high(seen: Seen) -> str:
    return "" if seen.helps(seen.cure, HIGH_HELPS) else "a lower rate does not help"


def _too_low(seen: Seen) -> str:
    if not seen.helps(seen.cure):
        return "a higher rate does not help"
    return "" if seen.ends_below("longer") else "more steps help as well"


def _needs_decay(seen: Seen) -> str:
    if not seen.helps(seen.cure):
        return "a decay does not help"
    if seen.helps(seen.rivals["lower"]) or not seen.beats("lower"):
        return "a lower constant rate helps as well"
    return "" if seen.beats("longer") else "more steps help as well"


def _too_early(seen: Seen) -> str:
    if not seen.helps(seen.cure):
        return "a later decay does not help"
    return "" if seen.ends_below("longer") else "more steps help as well"


def _bad_init(seen: Seen) -> str:
    if not seen.helps(seen.cure) or seen.cure is None:
        return "sound weights do not help"
    waits = half(seen.run, seen.cure)
    return "" if waits >= max(WAITS, SLOWER * half(seen.cure, seen.cure)) else "it does not wait"


def _overfitting(seen: Seen) -> str:
    if spoilt(seen.run) < SPOILT:
        return "the end is not worse than the best step"
    if seen.run.train > (1 - HELPS) * seen.run.val:
        return "no gap to training"
    return "" if seen.helps(seen.cure) else "more data or regularization does not help"


def _underfitting(seen: Seen) -> str:
    if not seen.helps(seen.cure) or seen.cure is None:
        return "a larger or freer network does not help"
    if seen.cure.train > (1 - HELPS) * seen.run.train:
        return "training does not gain"
    if seen.run.val > GAP * seen.run.train:
        return "a gap to training"
    return "" if seen.beats("longer", "higher") else "more steps or a higher rate help as well"


def _keep_training(seen: Seen) -> str:
    if not seen.helps(seen.cure):
        return "more steps do not help"
    return "" if seen.beats("higher") else "a higher rate helps as well"


def _always(seen: Seen) -> str:
    return ""


FACTS: dict[str, Callable[[Seen], str]] = {
    "healthy": _healthy,
    "lr_too_high": _too_high,
    "lr_too_low": _too_low,
    "needs_decay": _needs_decay,
    "decay_too_early": _too_early,
    "bad_initialization": _bad_init,
    "overfitting": _overfitting,
    "underfitting": _underfitting,
    "keep_training": _keep_training,
    "not_enough_data": _always,  # the number of points is the fact
}
