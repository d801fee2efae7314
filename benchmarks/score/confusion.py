"""Truth against what was said: the matrix, F1 by verdict and their mean."""

from collections.abc import Sequence

import pandas as pd

from benchmarks.score.markdown import number, table
from diagnostics.engine import HEADLINES

SHORT = {
    "diverged": "div",
    "not_enough_data": "few",
    "bad_initialization": "init",
    "lr_too_high": "high",
    "decay_too_early": "early",
    "lr_too_low": "low",
    "overfitting": "over",
    "needs_decay": "decay",
    "underfitting": "under",
    "keep_training": "keep",
    "healthy": "ok",
}
"""Column heads of the matrix: eleven verdicts have to stand side by side."""


def by_verdict(truth: Sequence[str], said: Sequence[str]) -> pd.DataFrame:
    """A row a verdict that occurs in ``truth``, in the order of causes: runs, precision, recall, F1."""
    rows = {}
    for slug in (s for s in HEADLINES if s in set(truth)):
        hits = sum(t == s == slug for t, s in zip(truth, said, strict=True))
        runs, claims = truth.count(slug), said.count(slug)
        f1 = 2 * hits / (runs + claims)
        rows[slug] = {"runs": runs, "precision": hits / claims if claims else None, "recall": hits / runs, "F1": f1}
    return pd.DataFrame.from_dict(rows, orient="index")


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """The mean F1 over the verdicts that occur in ``truth``."""
    return float(by_verdict(truth, said)["F1"].mean())


def as_tables(truth: Sequence[str], said: Sequence[str]) -> str:
    """The matrix with F1 at the end of each row."""
    scores = by_verdict(truth, said)
    columns = [slug for slug in HEADLINES if slug in {*truth, *said}]
    counts = pd.crosstab(pd.Series(truth), pd.Series(said)).reindex(index=scores.index, columns=columns, fill_value=0)
    rows = [
        [
            f"`{slug}`",
            *(_cell(n, slug == column) for column, n in counts.loc[slug].items()),
            number(scores.precision[slug]),
            number(scores.recall[slug]),
            number(scores.F1[slug]),
        ]
        for slug in scores.index
    ]
    return table(["truth ╲ said", *(SHORT[c] for c in columns), "precision", "recall", "F1"], rows)


def _cell(count: int, right: bool) -> str:
    return "·" if not count else f"**{count}**" if right else str(count)
