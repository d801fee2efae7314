"""``python -m benchmarks.lab``: train every run and what makes its label a fact, keep the facts, and pack the shelf."""

import argparse
import json
from collections.abc import Mapping

import numpy as np
import pandas as pd

from benchmarks.lab import rates, shelf, truth
from benchmarks.lab.cases import Case, cases
from benchmarks.lab.data import DATA
from benchmarks.lab.layer_shapes import shapes
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.recorded import record, recorded
from benchmarks.lab.results import results
from benchmarks.lab.subjects import PARTS
from benchmarks.lab.sweep import sweep
from benchmarks.lab.train import Result
from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import Run
from diagnostics.stats.level import end

ALIKE = 0.02  # of the loss: less than half of the smallest gain that makes a label a fact


def main() -> None:
    """Retrain what ``build/lab`` does not hold yet, label, and pack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part (default all; may be repeated)")
    parser.add_argument("--sweep", action="store_true", help="only find each subject's sound learning rates")
    parser.add_argument(
        "--shapes", action="store_true", help="only write the layers' shapes of the runs that are packed"
    )
    parser.add_argument(
        "--anew",
        action="store_true",
        help="only train the packed runs again, for what the collector has learned to record",
    )
    parser.add_argument("--rates", action="store_true", help="only train and pack the grid of constant learning rates")
    asked = parser.parse_args()
    if asked.rates:
        print(pd.crosstab(rates.pack(asked.jobs).label, "runs").to_string())
        return
    parts = asked.part or list(PARTS)
    if asked.shapes:
        for part in parts:
            shelf.write_shapes({kept.name: shapes(kept.recipe) for kept in shelf.load(part)}, part)
        return
    if asked.anew:
        for part in parts:
            print(f"{part}: {packed_anew(part, asked.jobs)}", flush=True)
        return
    if asked.sweep:
        for part in parts:
            sweep({name: subject.sound for name, subject in PARTS[part].items()}, asked.jobs)
        return
    table = pd.concat([labelled(part, asked.jobs) for part in parts], ignore_index=True)
    shelf.write_labels(table[table.truth.notna()].drop(columns="why"))
    report(table)


def labelled(part: str, jobs: int) -> pd.DataFrame:
    """Train ``part``, pack the runs whose label is a fact, and return one row a run that was tried."""
    plan = cases(part)
    record({case.name: case.recipe for case in plan}, jobs)
    done = results([r for case in plan for r in (case.recipe, case.cure) if r], jobs)
    while missing := [recipe for case in plan if (recipe := _needed(case, done))]:
        done |= results(missing, jobs)
    rows = [_row(case, done) for case in plan]
    kept = [case for case, row in zip(plan, rows, strict=True) if row["truth"]]
    shelf.pack(((recorded(case.name), case.recipe) for case in kept), part)
    shelf.write_shapes({case.name: shapes(case.recipe) for case in kept if case.recipe.log_layers}, part)
    return pd.DataFrame(rows)


def packed_anew(part: str, jobs: int) -> str:
    """Train the packed runs of ``part`` again and pack what is recorded of them now; labels are facts and stay.

    A chaotic training may end elsewhere on another processor: of those the curves that the label was found by are kept.
    """
    kept = shelf.load(part)
    record({one.name: one.recipe for one in kept}, jobs, anew=True)
    runs = [(one, recorded(one.name)) for one in kept]
    other = [one.name for one, run in runs if not _same(one.run, run)]
    shelf.pack(((one.run if one.name in other else run, one.recipe) for one, run in runs), part)
    return f"{len(kept) - len(other)} packed anew; ended elsewhere: {', '.join(other) or 'none'}"


def _same(before: Run, after: Run) -> bool:
    """Whether both ended alike: the label was found by that, and rounding alone sets chaotic trainings on another course."""
    tag = VAL_LOSS if VAL_LOSS in before else TRAIN_LOSS
    if tag not in after or not np.array_equal(before[tag].steps, after[tag].steps):
        return False
    finite = [run[tag].finite() for run in (before, after)]
    if not all(map(len, finite)):
        return not any(map(len, finite))
    ends = [(end(curve), curve.values.min()) for curve in finite]
    return np.allclose(*ends, rtol=ALIKE, atol=0)


def _needed(case: Case, done: Mapping[Recipe, Result]) -> Recipe | None:
    """The training that the label still waits for."""
    try:
        truth.label(case, done)
    except KeyError as missing:
        return missing.args[0]
    return None


def report(table: pd.DataFrame) -> None:
    """Print how many runs were kept by verdict and part, and why the others were not."""
    kept = table[table.truth.notna()]
    print(pd.crosstab(kept.truth, kept.part, margins=True).to_string())
    print(f"\n{len(kept)} of {len(table)} kept; the others:\n")
    print(table[table.truth.isna()].groupby(["fault", "why"]).size().to_string())


def _row(case: Case, done: Mapping[Recipe, Result]) -> dict[str, object]:
    label, why = truth.label(case, done)
    run, cure = done[case.recipe.quiet], done[case.cure.quiet] if case.cure else None
    return {
        "run": case.name,
        "part": case.part,
        "subject": case.subject,
        "data": case.recipe.data,
        "model": case.recipe.model,
        "optimizer": case.recipe.optimizer,
        "fault": case.fault,
        "variant": case.variant,
        "truth": label,
        "why": why,
        "classes": DATA[case.recipe.data]().classes,
        "first_val": run.first,
        "final_val": run.val,
        "best_val": run.best[1],
        "best_step": run.best[0],
        "final_held": run.held,
        "held_at_best": run.best[2],
        "final_train": run.train,
        "cured_val": cure.val if cure else None,
        **{f"{name}_val": done[r.quiet].val for name, r in case.rivals.items() if r.quiet in done},
        "recipe": json.dumps(case.recipe.changes),
    }


if __name__ == "__main__":
    main()
