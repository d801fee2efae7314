"""How early the true verdict is reached, and how often verdicts change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from benchmarks.score.opinions import Reports
from benchmarks.score.prefixes import SHARES, detection, left_start, lowest_validation, points_between, shares_after
from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import Run
from diagnostics.engine import HEADLINES
from diagnostics.rule import MIN_POINTS

FAULTLESS = ("healthy", "keep_training", "not_enough_data")
DUE = {"diverged": 0.02, "lr_too_high": 0.15, "lr_too_low": 0.15}
"""Share of the run by which a verdict is promised."""
LOWER = ("diverged", "lr_too_high")
"""Verdicts that ask for a lower rate: which of them it is, only the rest of the run tells, whether it comes down again."""
DUE_AFTER = 0.05
"""Overfitting: share of the run after the true minimum of the validation loss."""
LEAST = {"diverged": 4, "lr_too_high": MIN_POINTS, "lr_too_low": MIN_POINTS, "overfitting": 2}
"""Points that must be there by then for anyone to tell: losses; of overfitting, evaluations after the minimum."""


@dataclass(frozen=True)
class Judged:
    """A run, what is true of it, and its name."""

    name: str
    truth: str
    run: Run


def asked(runs: Sequence[Judged]) -> Iterator[tuple[Run, tuple[float, ...]]]:
    """The runs, and the shares at which ``measured`` judges them."""
    for case in runs:
        yield case.run, SHARES
        if (begun := _begun(case)) is not None:
            yield case.run, tuple(shares_after(begun))


def _begun(case: Judged) -> float | None:
    """Where overfitting begins."""
    return lowest_validation(case.run) if case.truth == "overfitting" else None


def measured(runs: Sequence[Judged], reports: Reports) -> pd.DataFrame:
    """A row a run: truth, first, settled, lower (from where on one of ``LOWER`` is said, of these), flips, and whether it could be told in time.

    Of overfitting, ``first`` and ``settled`` are shares after the minimum.
    """
    rows = []
    for case in runs:
        said = reports.verdicts(case.run, SHARES)
        found = detection(said, case.truth)
        first, settled = found.first, found.settled
        begun = _begun(case)
        if begun is not None:
            after = detection(reports.verdicts(case.run, tuple(shares_after(begun))), case.truth)
            first, settled = (None if s is None else s - begun for s in (after.first, after.settled))
        rows.append(
            {
                "run": case.name,
                "truth": case.truth,
                "first": first,
                "settled": settled,
                "lower": _lower(said) if case.truth in LOWER else None,
                "flips": found.flips,
                "could": could(case),
            }
        )
    return pd.DataFrame(rows)


def _lower(said: Sequence[tuple[float, str]]) -> float | None:
    return detection([(share, LOWER[0] if verdict in LOWER else verdict) for share, verdict in said], LOWER[0]).settled


def could(case: Judged) -> bool:
    """Whether, by when the verdict is due, it had happened and enough of it was logged."""
    if case.truth == "overfitting":
        begun = lowest_validation(case.run) or 0.0
        return points_between(case.run, VAL_LOSS, begun, begun + DUE_AFTER) >= LEAST[case.truth]
    due = DUE.get(case.truth, 1.0)
    well = case.truth == "diverged" and left_start(case.run) > due
    return not well and points_between(case.run, TRAIN_LOSS, -1.0, due) >= LEAST.get(case.truth, 0)


def by_truth(found: pd.DataFrame) -> pd.DataFrame:
    """A row a fault: runs, medians and 90th percentiles of first and settled, median of lower, never settled, settled in time, and how many could have been."""
    rows = {}
    for slug in (s for s in HEADLINES if s in set(found.truth) - set(FAULTLESS)):
        runs = found[found.truth == slug]
        due = DUE_AFTER if slug == "overfitting" else DUE.get(slug)
        settled = runs.settled.astype(float)
        told = runs.could | (settled <= (due or 1.0) + 1e-9)  # what was told could be
        rows[slug] = {
            "runs": len(runs),
            "first": runs["first"].astype(float).median(),
            "settled": settled.median(),
            "lower": runs.lower.astype(float).fillna(float("inf")).median() if slug in LOWER else None,
            "late": settled.fillna(float("inf")).quantile(0.9, interpolation="higher"),
            "never": int(settled.isna().sum()),
            "due": due,
            "in time": None if due is None else int((settled <= due + 1e-9).sum()),
            "could": int(told.sum()),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
