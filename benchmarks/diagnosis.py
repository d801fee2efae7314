"""How often is the verdict right? Trains the lab, judges every run, prints the confusion matrix and macro-F1.

``python -m benchmarks.diagnosis`` trains the runs that ``build/lab`` does not hold yet (about seven minutes in all) and scores
the tuning part, on which thresholds were chosen, and the test part, other subjects, apart. ``--grid FOLDER`` adds the false alarms and hits on
a folder with ``deepobs.parquet``, ``deepobs_labels.csv``, ``algoperf.parquet`` and ``algoperf_labels.csv``.
"""

import argparse
import shutil
from pathlib import Path

import pandas as pd

from benchmarks.lab import truth
from benchmarks.lab.faults import TEST, TUNING, runs
from benchmarks.lab.train import Recipe, train
from diagnostics import Run, diagnose
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


def grid(folder: Path) -> None:
    """Print verdicts against the labels of the DeepOBS grid, and the alarms on AlgoPerf's best trials."""
    deepobs = pd.read_csv(folder / "deepobs_labels.csv", index_col="run")
    deepobs["said"] = pd.Series({run.name: diagnose(run).verdict for run in read(folder / "deepobs.parquet")})
    truths = deepobs.label + deepobs.val_rises.map({True: " (validation rises)", False: ""})
    print("\n## DeepOBS learning-rate grid\n")
    print(pd.crosstab(truths, deepobs.said).to_string())
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
