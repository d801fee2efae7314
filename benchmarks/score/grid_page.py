"""The page's sections on grids of learning rates and on the public curves: verdicts, their advice, and false alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.score import pictures
from benchmarks.score.grid import QUIET, RATES, Public, advice, fixed, sound
from benchmarks.score.markdown import NONE, number, share, table
from benchmarks.score.opinions import Reports
from benchmarks.score.prefixes import SHARES
from benchmarks.score.timing import FAULTLESS
from diagnostics import Report, Run
from diagnostics.engine import HEADLINES

SHOWN = 24  # panels of the picture
MOMENTS = len(SHARES) - 1  # before the end, as in the lab
RULES_OF_THUMB = (("lr_too_high", 0.1), ("lr_too_high", 0.01), ("lr_too_low", 10.0))
"""What is advised without looking at the curve, for comparison."""


@dataclass(frozen=True)
class Trials:
    """The best of AlgoPerf's trials, judged."""

    known: Public
    reports: Reports

    @cached_property
    def judged(self) -> list[Report]:
        """Our reports, in the order of the runs."""
        return [self.reports.report(run) for run in self.known.runs]


@dataclass(frozen=True)
class Grid:
    """A grid of learning rates, judged."""

    known: Public
    reports: Reports

    @cached_property
    def judged(self) -> list[Report]:
        """Our reports, in the order of the runs."""
        return [self.reports.report(run) for run in self.known.runs]

    @cached_property
    def said(self) -> "pd.Series[str]":
        """The verdicts, by run."""
        return pd.Series([report.verdict for report in self.judged], index=self.known.labels.index)

    def recall(self, truth: str) -> tuple[int, int]:
        """Hits and runs."""
        mine = self.known.labels.label == truth
        return int((self.said[mine] == truth).sum()), int(mine.sum())

    def precision(self, slug: str) -> tuple[int, int]:
        """Right ones and all that were called ``slug``; a diverged run's rate is too high as well."""
        labels = self.known.labels.label[self.said == slug]
        right = {slug, "diverged"} if slug == "lr_too_high" else {slug}
        return int(labels.isin(right).sum()), len(labels)

    def false(self, *, alarm: bool) -> tuple[int, int]:
        """Of the sound runs: those with a finding at warning or worse, or else those with a verdict that is not quiet."""
        calm = [self.reports.report(run) for run in self.calm]
        return sum(alarmed(r) if alarm else r.verdict not in QUIET for r in calm), len(calm)

    @property
    def calm(self) -> list[Run]:
        """The sound runs."""
        return [run for run, quiet in zip(self.known.runs, sound(self.known), strict=True) if quiet]

    @cached_property
    def advice(self) -> pd.DataFrame:
        """A row a run with an advised rate."""
        return advice(self.known, self.judged)


@dataclass(frozen=True)
class Curves:
    """The public curves, judged."""

    deepobs: Grid
    algoperf: Trials


def named_in_flight(runs: Sequence[Run], reports: Reports) -> tuple[int, int]:
    """Those of ``runs`` that are named a fault at any moment before their end."""
    named = (any(v not in FAULTLESS for _, v in reports.verdicts(run)[:-1]) for run in runs)
    return sum(named), len(runs)


def alarmed(report: Report) -> bool:
    """Whether something at warning or worse is found."""
    return any(f.severity != "info" for f in report.findings)


def verdicts(grid: Grid) -> str:
    """Labels against verdicts, and what they come to."""
    rises = grid.known.labels.val_rises.map({True: ", validation rises", False: ""})
    counts = pd.crosstab(grid.known.labels.label + rises, grid.said)
    columns = [slug for slug in HEADLINES if slug in counts]
    rows = [[str(label), *(str(counts.loc[label, slug] or "·") for slug in columns)] for label in counts.index]
    measures = [
        *((f"recall of `{slug}`", share(*grid.recall(slug))) for slug in (*RATES, "diverged")),
        *((f"precision of `{slug}`", share(*grid.precision(slug))) for slug in RATES),
        ("sound runs with a verdict other than `healthy` and `keep_training`", share(*grid.false(alarm=False))),
        ("sound runs with a finding at warning or worse", share(*grid.false(alarm=True))),
        (
            f"sound runs named a fault at any of {MOMENTS} moments while they went on",
            share(*named_in_flight(grid.calm, grid.reports)),
        ),
    ]
    problems, optimizers = (grid.known.labels.cell.str.split("/").str[n].nunique() for n in (0, 1))
    return (
        f"{len(grid.known.runs)} runs: {problems} problems, {optimizers} optimizers, {grid.known.labels.lr.nunique()} constant learning rates. A rate is right when it gets 90 % of the fall of the best rate of its problem and optimizer; "
        "*sound* is such a run whose validation loss does not rise.\n\n"
        + table(["label", *(f"`{slug}`" for slug in columns)], rows)
        + "\n"
        + table(["measure", ""], measures)
    )


def advised(grid: Grid) -> str:
    """Whether the advised rates would have helped."""
    found, labels = grid.advice, grid.known.labels
    rows = [_line(f"said `{slug}`", found[found.said == slug]) for slug in HEADLINES if slug in set(found.said)]
    rows += [_line(f"truly `{slug}`", found[found.truth == slug]) for slug in sorted(set(found.truth))]
    thumbs = [
        (f"truly `{truth}`: × {factor:g}", *_thumb(fixed(grid.known, truth, factor)))
        for truth, factor in RULES_OF_THUMB
    ]
    return (
        f"The first learning rate that the remedies of the verdict advise, on {len(found)} of {len(labels)} runs, looked up in the grid: "
        "did the same problem and optimizer end at a lower training loss with the rate nearest to it? A rate outside the grid cannot be looked up.\n\n"
        + table(["", "advised", "looked up", "ended lower", "median factor"], rows)
        + "\nWithout looking at the curve:\n\n"
        + table(["", "looked up", "ended lower"], thumbs)
    )


def _line(name: str, rows: pd.DataFrame) -> list[str]:
    known = rows.lower.dropna().astype(bool)
    return [
        name,
        f"{len(rows)}",
        f"{len(known)}",
        share(int(known.sum()), len(known)),
        f"× {float(rows.factor.median()):.3g}",
    ]


def _thumb(found: tuple[int, int]) -> tuple[str, str]:
    return f"{found[1]}", share(*found)


def algoperf(trials: Trials) -> str:
    """Every alarm on runs that won their trials."""
    reports, labels = trials.judged, trials.known.labels
    named = [r for r in reports if r.verdict not in QUIET]
    shown: Any = [(r, row) for r, row in zip(reports, labels.itertuples(), strict=True) if alarmed(r) or r in named]
    rows = [
        [
            f"{row.workload}, {row.group.split('/')[1]}",
            number(row.last_over_best, 3),
            f"`{report.verdict}`",
            ", ".join(f"`{f.rule}`" for f in report.findings if f.severity != "info") or NONE,
        ]
        for report, row in shown
    ]
    told = (
        table(["workload, submission", "validation loss: last over best", "verdict", "at warning or worse"], rows)
        if rows
        else ""
    )
    return (
        f"{len(reports)} runs, each the best of its group of trials: with a finding at warning or worse {share(sum(map(alarmed, reports)), len(reports))}; "
        f"named a fault at any of {MOMENTS} moments while they went on {share(*named_in_flight(trials.known.runs, trials.reports))}; "
        f"with a verdict other than `healthy` and `keep_training` {share(len(named), len(reports))}. These are they:\n\n{told}"
    )


def misses(grid: Grid) -> list[pictures.Miss]:
    """Rates too high or too low that were not said to be, and sound runs that were named something."""
    labels = grid.known.labels
    rows: Sequence[Any] = [
        (run, label, report)
        for run, label, calm, report in zip(grid.known.runs, labels.label, sound(grid.known), grid.judged, strict=True)
        if (label in RATES and report.verdict != label) or (calm and report.verdict not in QUIET)
    ]
    return [pictures.Miss(run.name, label, run, report) for run, label, report in rows]


def draw(grid: Grid, folder: Path, name: str) -> str | None:
    """Draw the misses, evenly chosen where there are too many, and return the link; None where there are none."""
    file = folder / f"{name}.png"
    file.unlink(missing_ok=True)
    every = misses(grid)
    chosen = every[:: -(-len(every) // SHOWN)] if every else []
    if chosen:
        pictures.draw(chosen, file)
    return f"{folder.name}/{file.name}" if chosen else None


def failures(grid: Grid, pictured: str | None) -> str:
    """The picture, and how many it stands for."""
    every = misses(grid)
    if not every:
        return "No rate too high or too low was missed, and no sound run was named anything.\n"
    which = "all are" if len(every) <= SHOWN else f"one in {-(-len(every) // SHOWN)} is"
    picture = f"\n![Curves of the grid that were judged wrongly]({pictured})\n" if pictured else ""
    return f"{len(every)} runs are a rate too high or too low that was not said to be, or a sound run that was named a fault; {which} shown.\n{picture}"
