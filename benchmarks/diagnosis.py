"""How often is the verdict right? Trains the lab, judges every run, prints the confusion matrix and macro-F1.

``python -m benchmarks.diagnosis`` trains the runs that ``build/lab`` does not hold yet (about seven minutes in all) and scores
the tuning part, on which thresholds were chosen, and the test part, other subjects, apart; that part has been looked at since. ``--grid FOLDER`` adds the false alarms and hits on
a folder with ``deepobs.parquet``, ``deepobs_labels.csv``, ``algoperf.parquet`` and ``algoperf_labels.csv``.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.lab import truth
from benchmarks.lab.faults import TEST, TUNING, runs
from benchmarks.lab.train import Recipe, train
from diagnostics import Report, Run, diagnose
from diagnostics.engine import HEADLINES
from diagnostics.readers import read

LAB = Path("build/lab")


def trained(name: str, recipe: Recipe) -> Run:
    """The lab run called ``name``: read, or trained first when its folder is missing or unfinished."""
    folder = LAB / name
    if not folder.exists() or read(folder)[0].state != "finished":
        shutil.rmtree(folder, ignore_errors=True)
        train(recipe, folder)
    return read(folder)[0]


def judged(subjects: dict[str, Recipe]) -> pd.DataFrame:
    """One row a lab run whose label is a fact: run, truth, said, message."""
    plan = runs(subjects)
    done = {name: trained(name, recipe) for name, (_, recipe) in plan.items()}
    rows = []
    for name, (fault, _) in plan.items():
        subject, seed = name.removesuffix(name[-2:]).removesuffix(f"-{fault}"), name[-1]
        label = truth.label(fault, done[name], done[f"{subject}-healthy-{seed}"])
        report = diagnose(done[name])
        if label:
            rows.append({"run": name, "truth": label, "said": report.verdict, "message": report.headline.message})
    return pd.DataFrame(rows)


def scores(table: pd.DataFrame) -> pd.Series:
    """F1 by verdict that occurs in the truth."""
    hits = table[table.truth == table.said].groupby("truth").size()
    both = table.truth.value_counts().add(table.said.value_counts(), fill_value=0)
    present = [slug for slug in HEADLINES if slug in set(table.truth)]
    return (2 * hits.reindex(present, fill_value=0) / both.reindex(present)).rename("F1")


def show(title: str, table: pd.DataFrame) -> None:
    """Print one part's matrix, scores and every miss."""
    print(f"\n## {title}: {len(table)} runs, macro-F1 {scores(table).mean():.3f}\n")
    print(pd.crosstab(table.truth, table.said).to_string())
    print("\n" + scores(table).round(2).to_string())
    for row in table[table.truth != table.said].itertuples():
        print(f"  {row.run}: {row.truth}, said {row.said}: {row.message}")


def advice(labels: pd.DataFrame, reports: dict[str, Report]) -> pd.DataFrame:
    """By verdict: runs with an advised factor for the rate, how many of those rates were tried, share that ended lower."""
    tried = {cell: runs.groupby("lr").final_train.median() for cell, runs in labels.groupby("cell")}
    rows = []
    for name, report in reports.items():
        factor = next((r.factor for r in report.headline.remedies if r.parameter == "lr" and r.factor), None)
        if factor is not None:
            run = labels.loc[name]
            ended = _tried(tried[run.cell], run.lr * factor)
            rows.append(
                {"said": report.verdict, "tried": ended is not None, "lower": ended and ended < run.final_train}
            )
    found = pd.DataFrame(rows)
    known = found[found.tried]
    return pd.DataFrame(
        {
            "runs": found.groupby("said").size(),
            "tried": known.groupby("said").size(),
            "ended lower": known.lower.astype(float).groupby(known.said).mean().round(3),
        }
    )


def _tried(ends: pd.Series, lr: float) -> float | None:
    """The final loss at the rate nearest to ``lr``; None when none within a factor of 1.4 was tried."""
    apart = np.abs(np.log10(ends.index.to_numpy() / lr))
    return float(ends.iloc[int(apart.argmin())]) if apart.min() < 0.15 else None


def grid(folder: Path) -> None:
    """Print verdicts against the labels of the DeepOBS grid, and the alarms on AlgoPerf's best trials."""
    deepobs = pd.read_csv(folder / "deepobs_labels.csv", index_col="run")
    found = {run.name: diagnose(run) for run in read(folder / "deepobs.parquet")}
    deepobs["said"] = pd.Series({name: report.verdict for name, report in found.items()})
    truths = deepobs.label + deepobs.val_rises.map({True: " (validation rises)", False: ""})
    print("\n## DeepOBS learning-rate grid\n")
    print(pd.crosstab(truths, deepobs.said).to_string())
    print("\nThe first learning rate advised, looked up where it was tried:")
    print(advice(deepobs, found).to_string())
    reports = [diagnose(run) for run in read(folder / "algoperf.parquet")]
    alarms = [r for r in reports if any(f.severity != "info" for f in r.findings)]
    print(f"\n## AlgoPerf's best trials: {len(alarms)} of {len(reports)} alarmed\n")
    for report in alarms:
        print(f"  {report.run}: {report.verdict}: {report.headline.message}")


def main() -> None:
    """Print the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--grid", type=Path, metavar="FOLDER", help="also judge the DeepOBS and AlgoPerf curves in FOLDER"
    )
    where = parser.parse_args().grid
    show("Tuning", judged(TUNING))
    show("Test", judged(TEST))
    if where:
        grid(where)


if __name__ == "__main__":
    main()
