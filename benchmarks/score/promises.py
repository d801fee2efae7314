"""What is promised, what was measured, and whether it was kept."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from benchmarks.score import timing
from benchmarks.score.cost import LONG, POINTS, RUNS, Ours
from benchmarks.score.grid_page import Grid, Trials, alarmed
from benchmarks.score.lab_page import WORSE, Part, tried_again
from benchmarks.score.markdown import number, seconds, share, table


@dataclass(frozen=True)
class Promise:
    """One promise: ``kept`` is None where it was not measured."""

    what: str
    goal: str
    measured: str
    kept: bool | None

    def row(self) -> list[str]:
        """As a row of the table."""
        return [self.what, self.goal, self.measured, {True: "kept", False: "**missed**", None: "–"}[self.kept]]


def as_table(promises: list[Promise]) -> str:
    """All of them."""
    return table(["promise", "goal", "measured", ""], [promise.row() for promise in promises])


def of_part(part: Part) -> Iterator[Promise]:
    """Of the lab's verdicts and how early they come."""
    yield Promise(f"macro-F1 over the verdicts, {part.name} part", "≥ 0.95", number(part.f1, 3), part.f1 >= 0.95)
    for slug, row in timing.by_truth(part.times).iterrows():
        if not pd.isna(row.due):
            after = " after the lowest validation loss" if slug == "overfitting" else ""
            told = f"median {100 * row.settled:.0f} %; in time {share(row['in time'], row.runs)}, of those whose log could tell {share(row['in time'], row.could)}"
            yield Promise(
                f"`{slug}` said for good, {part.name} part",
                f"median ≤ {100 * row.due:.0f} % of the run{after}",
                told,
                row.settled <= row.due + 1e-9,
            )
    flips = part.times.flips
    yield Promise(
        f"runs whose verdict changes more than once, {part.name} part",
        "0",
        share(int((flips > 1).sum()), len(flips)),
        not (flips > 1).any(),
    )


def of_obeying(name: str, rows: pd.DataFrame) -> Iterator[Promise]:
    """Of what the remedies bring."""
    tried = tried_again(rows)
    improved, worse = int((tried < 0).sum()), int((tried > WORSE).sum())
    yield Promise(
        f"lab runs improved by obeying the first remedy, {name} part",
        "≥ 0.95",
        share(improved, len(tried)),
        improved >= 0.95 * len(tried),
    )
    yield Promise(f"of them made worse by more than {100 * WORSE:.0f} %, {name} part", "0", f"{worse}", not worse)


def of_grid(grid: Grid, name: str) -> Iterator[Promise]:
    """Of a grid of learning rates."""
    for truth in ("lr_too_high", "lr_too_low"):
        hits, runs = grid.recall(truth)
        yield Promise(f"{name}: recall of `{truth}`", "≥ 0.85", share(hits, runs), hits >= 0.85 * runs)
    false, calm = grid.false(alarm=False)
    yield Promise(f"{name}: sound runs that are named a fault", "≤ 0.03", share(false, calm), false <= 0.03 * calm)
    for truth, goal in (("lr_too_high", 0.95), ("lr_too_low", 1.0)):
        lower = grid.advice[grid.advice.said == truth].lower.dropna().astype(bool)
        good = int(lower.sum())
        yield Promise(
            f"{name}: first advice of `{truth}` ends lower",
            f"≥ {goal:.2f}",
            share(good, len(lower)),
            good >= goal * len(lower),
        )


def of_trials(trials: Trials) -> Iterator[Promise]:
    """Of runs that nothing is wrong with."""
    alarms, runs = sum(map(alarmed, trials.judged)), len(trials.judged)
    yield Promise("AlgoPerf: runs alarmed at warning or worse", "≤ 0.02", share(alarms, runs), alarms <= 0.02 * runs)


def of_cost(took: Ours) -> Iterator[Promise]:
    """Of the time that judging takes."""
    for what, found in (("", took.ended), (" while the run goes on", took.going_on)):
        slowest = max(found.values())
        yield Promise(f"all rules on {LONG:,} points{what}", "< 50 ms", seconds(slowest), slowest < 0.05)
    yield Promise(f"{RUNS:,} runs of {POINTS:,} points, one process", "< 5 s", seconds(took.many), took.many < 5)
