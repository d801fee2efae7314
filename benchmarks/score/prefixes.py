"""A run as it stood earlier, what was said of it then, and when the right thing was first said."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import Report, Run, diagnose

# Shares of the run at which it is judged: close together at first, where most verdicts are due.
SHARES = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, *(i / 20 for i in range(3, 21)))
# Shares of the run after the true minimum of the validation loss, at which overfitting is looked for.
AFTER = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SILENT = "not_enough_data"
WELL = 0.1  # of the first loss: below it by that much, a run has not diverged yet


def first_step(run: Run) -> int:
    """The smallest step of any curve; 0 for an empty run."""
    return min((int(c.steps[0]) for c in run.curves.values() if len(c)), default=0)


def step_at(run: Run, share: float) -> float:
    """The step at which ``share`` (0–1) of ``run`` is done."""
    return run.last_step if share >= 1 else first_step(run) + share * (run.last_step - first_step(run))


def share_at(run: Run, step: float) -> float:
    """The share (0–1) of ``run`` that is done at ``step``; 1 where the run has but one step."""
    length = run.last_step - first_step(run)
    return (step - first_step(run)) / length if length else 1.0


def verdicts(
    run: Run, shares: Iterable[float] = SHARES, judge: Callable[[Run], Report] = diagnose
) -> list[tuple[float, str]]:
    """Share of the run and the verdict on what was there by then."""
    return [(share, judge(run.until(step_at(run, share))).verdict) for share in shares]


@dataclass(frozen=True)
class Detection:
    """When the true verdict was reached, as shares of the run, and how steady the verdicts were.

    Attributes:
        first: where it is said for the first time; None when it never is.
        settled: from where on it is said and stays; None when the whole run gets another verdict.
        flips: changes of verdict, from the first that is not ``not_enough_data`` on.
    """

    first: float | None
    settled: float | None
    flips: int


def detection(said: Sequence[tuple[float, str]], truth: str) -> Detection:
    """What ``said``, in the order of shares, tells of how soon ``truth`` was found."""
    right = [share for share, verdict in said if verdict == truth]
    wrong = [share for share, verdict in said if verdict != truth]
    stays = [share for share in right if not wrong or share > wrong[-1]]
    return Detection(right[0] if right else None, stays[0] if stays else None, flips([v for _, v in said]))


def flips(said: Sequence[str]) -> int:
    """Changes of verdict, from the first that is not ``not_enough_data`` on."""
    begin = next((i for i, verdict in enumerate(said) if verdict != SILENT), len(said))
    return sum(a != b for a, b in pairwise(said[begin:]))


def lowest_validation(run: Run) -> float | None:
    """The share of the run at which the validation loss is lowest; None where it has none."""
    curve = run.get(VAL_LOSS)
    finite = curve.finite() if curve is not None else None
    return share_at(run, int(finite.steps[finite.values.argmin()])) if finite is not None and len(finite) else None


def left_start(run: Run) -> float:
    """The share of the run at which the training loss was last clearly below its first value: what diverged was still well there; 0 where it never was."""
    loss = run.get(TRAIN_LOSS)
    first = loss.finite().values[:1] if loss is not None else []
    if loss is None or not len(first):
        return 0.0
    below = loss.steps[loss.values < first[0] - WELL * abs(first[0])]
    return share_at(run, int(below[-1])) if below.size else 0.0


def points_between(run: Run, tag: str, first: float, last: float) -> int:
    """Points of ``tag`` after the share ``first`` of the run, up to ``last``."""
    curve = run.get(tag)
    if curve is None:
        return 0
    return int(((curve.steps > step_at(run, first)) & (curve.steps <= step_at(run, last))).sum())


def shares_after(share: float) -> list[float]:
    """Where to look after ``share``: close together at first, and the end."""
    return sorted({min(share + later, 1.0) for later in AFTER})
