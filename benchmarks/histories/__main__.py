"""Is overfitting told from sound training? Scores the shipped histories.

``python -m benchmarks.histories`` judges the part that thresholds were chosen on; ``--test`` adds the other data sets.
``--train`` trains all of them again into ``build/histories`` (about a quarter of an hour; the data sets come with ``requirements.txt`` beside this file).
"""

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.histories import data, rivals, truth
from diagnostics import Run, diagnose
from diagnostics.readers import read

HERE = Path(__file__).parent
CURVES, LABELS = HERE / "curves.parquet", HERE / "labels.csv"
EACH = 20  # histories a data set
FINDINGS = {"overfitting", "stop_earlier"}


def train() -> None:
    """Train every history that ``build/histories`` does not hold yet, and pack them."""
    from benchmarks.histories import recipe, train

    curves, facts, build = [], {}, Path("build/histories")
    build.mkdir(parents=True, exist_ok=True)
    for name, load in (data.TUNING | data.TEST).items():
        subject = load()
        for seed in range(EACH):
            run, kept = f"{name}-{seed:02}", build / f"{name}-{seed:02}"
            if not kept.with_suffix(".json").exists():
                table, fact = train.train(recipe.draw(name, subject, seed), subject)
                table.insert(0, "run", run)
                table.to_parquet(kept.with_suffix(".parquet"))
                pd.Series(fact).to_json(kept.with_suffix(".json"))
            curves.append(pd.read_parquet(kept.with_suffix(".parquet")))
            facts[run] = pd.read_json(kept.with_suffix(".json"), typ="series")
    pack(pd.concat(curves), pd.DataFrame(facts).T.rename_axis("run"))


def pack(curves: pd.DataFrame, facts: pd.DataFrame) -> None:
    """Keep the labelled histories, in single precision, and their facts."""
    facts.insert(0, "label", truth.label(facts))
    facts = facts.dropna(subset="label")
    curves = curves[curves.run.isin(facts.index)]
    losses = curves.columns.difference(["run", "epoch"])
    curves.astype(dict.fromkeys(losses, "float32")).to_parquet(CURVES, compression="zstd", index=False)
    facts.round(5).to_csv(LABELS)


def histories(names: dict) -> dict[str, Run]:
    """The shipped runs of the data sets ``names``, by name."""
    return {run.name: run for run in read(CURVES) if run.name.rsplit("-", 1)[0] in names}


def judged(runs: dict[str, Run]) -> pd.DataFrame:
    """What each method says of each run: True for overfitting; and our verdict in words."""
    rows = {}
    for name, run in runs.items():
        report = diagnose(run)
        ours = {
            "our verdict": report.verdict == "overfitting",
            "our findings": bool(FINDINGS & {f.rule for f in report.findings}),
        }
        rows[name] = {**ours, **{rival: rule(run) for rival, rule in rivals.RIVALS.items()}, "said": report.verdict}
    return pd.DataFrame(rows).T


def scores(said: pd.DataFrame, overfit: pd.Series) -> pd.DataFrame:
    """By method: macro-F1, recall, and false alarms among the sound runs."""
    rows = {}
    for method in said.columns.drop("said"):
        yes = said[method].astype(bool)
        f1 = [2 * (a & b).sum() / (a.sum() + b.sum()) for a, b in ((yes, overfit), (~yes, ~overfit))]
        rows[method] = {"macro-F1": sum(f1) / 2, "recall": yes[overfit].mean(), "false alarms": yes[~overfit].mean()}
    return pd.DataFrame(rows).T.round(3)


def show(title: str, names: dict) -> None:
    """Print one part's scores and every error of ours."""
    runs = histories(names)
    labels = pd.read_csv(LABELS, index_col="run").loc[list(runs)]
    overfit = labels.label == "overfit"
    said = judged(runs)
    print(f"\n## {title}: {overfit.sum()} overfit, {(~overfit).sum()} sound\n")
    print(scores(said, overfit).to_string())
    wrong = said["our verdict"].astype(bool) != overfit
    for row in labels[wrong].join(said).itertuples():
        rises = row.unseen_final / row.unseen_best
        print(f"  {row.Index}: {row.label}, said {row.said}; the unseen loss ends at {rises:.2f} of its best")


def main() -> None:
    """Train if asked, then print the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", action="store_true", help="train the histories again")
    parser.add_argument("--test", action="store_true", help="also score the data sets no threshold was chosen on")
    asked = parser.parse_args()
    if asked.train:
        train()
    show("Tuning", data.TUNING)
    if asked.test:
        show("Test", data.TEST)


if __name__ == "__main__":
    main()
