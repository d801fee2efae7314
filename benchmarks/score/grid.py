"""Grids of learning rates, DeepOBS' and our own, in which any other rate can be looked up; and the best trials of AlgoPerf's submissions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from diagnostics import Report, Run
from diagnostics.readers import read

RATES = ("lr_too_high", "lr_too_low")
QUIET = ("healthy", "keep_training")
NEAR = 0.75  # of the distance between two rates of a grid, in log10: the nearest is within half of it


@dataclass(frozen=True)
class Public:
    """Runs and what is known of them, a row of ``labels`` a run, in the same order."""

    runs: list[Run]
    labels: pd.DataFrame


def load(folder: Path, name: str) -> Public:
    """``name``.parquet and ``name``_labels.csv in ``folder``."""
    runs = read(folder / f"{name}.parquet")
    labels = pd.read_csv(folder / f"{name}_labels.csv", index_col="run")
    return Public(runs, labels.loc[[run.name for run in runs]])


def sound(rates: Public) -> "pd.Series[bool]":
    """Whether the rate is right and the validation loss does not rise: whatever is said of such a run is a false alarm."""
    return (rates.labels.label == "lr_ok") & ~rates.labels.val_rises


def advised_rate(report: Report, lr: float) -> float | None:
    """The first learning rate that the headline's remedies advise, or None."""
    for remedy in report.headline.remedies:
        if remedy.parameter == "lr" and remedy.factor:
            return lr * remedy.factor
        if remedy.parameter == "lr" and isinstance(remedy.value, int | float):
            return float(remedy.value)
    return None


def advice(rates: Public, reports: list[Report]) -> pd.DataFrame:
    """A row a run with an advised rate: said, truth, whether a rate near it was tried, whether that ended lower."""
    labels = rates.labels
    tried = _ends(labels)
    rows = []
    runs: Any = labels.itertuples()
    for run, report in zip(runs, reports, strict=True):
        if rate := advised_rate(report, run.lr):
            ended = _tried(tried[run.cell], rate)
            lower = None if ended is None else _lower(ended, run.final_train)
            rows.append(
                {"run": run.Index, "said": report.verdict, "truth": run.label, "factor": rate / run.lr, "lower": lower}
            )
    return pd.DataFrame(rows, columns=["run", "said", "truth", "factor", "lower"])


def fixed(rates: Public, truth: str, factor: float) -> tuple[int, int]:
    """Of the runs that are ``truth``, how many end lower at ``factor`` times their rate, and for how many that was tried."""
    labels = rates.labels
    tried = _ends(labels)
    runs: Any = labels[labels.label == truth].itertuples()
    ends = [(_tried(tried[run.cell], run.lr * factor), run.final_train) for run in runs]
    known = [_lower(ended, own) for ended, own in ends if ended is not None]
    return sum(known), len(known)


def select(known: Public, mine: "pd.Series[bool]") -> Public:
    """Those of ``known`` that are ``mine``, a value a run."""
    return Public([run for run, keep in zip(known.runs, mine, strict=True) if keep], known.labels[mine])


def _ends(labels: pd.DataFrame) -> dict[str, "pd.Series[float]"]:
    """Final loss by learning rate, by cell."""
    return {str(cell): runs.groupby("lr").final_train.median() for cell, runs in labels.groupby("cell")}


def _tried(ends: "pd.Series[float]", lr: float) -> float | None:
    """The final loss at the rate nearest to ``lr``, NaN where that diverged; None when none near it was tried."""
    tried = np.log10(ends.index.to_numpy())
    apart = np.abs(tried - np.log10(lr))
    return float(ends.iloc[int(apart.argmin())]) if apart.min() < NEAR * np.diff(tried).min() else None


def _lower(ended: float, own: float) -> bool:
    """Whether ``ended`` is the better final loss: any that is finite beats one that is not."""
    return bool(np.isfinite(ended) and not own <= ended)
