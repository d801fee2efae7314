"""Overfitting on real histories, of which a third part of the data says whether they overfit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from benchmarks.histories import data
from benchmarks.histories.__main__ import LABELS, histories
from benchmarks.rivals import environment
from benchmarks.score.markdown import number, share, table
from benchmarks.score.opinions import OURS, Opinion, Reports, of_rival
from benchmarks.score.promises import Promise
from diagnostics import Run

PARTS = {"tuning": data.TUNING, "test": data.TEST}
GOAL = 0.97
WORDS = """## Overfitting: real histories

Small trainings with recipes drawn at random, logged epoch by epoch. Whether one overfits is told by a third part of the data, which neither training nor validation saw
(`benchmarks/histories`). A judge says so when overfitting is among what it says, at whatever severity.
"""


@dataclass(frozen=True)
class Scored:
    """How one judge did."""

    name: str
    f1: float
    hits: int
    false: int


@dataclass(frozen=True)
class Histories:
    """One part, and how each judge did on it, ours first."""

    name: str
    overfit: int
    sound: int
    judges: list[Scored]


def load(part: str) -> tuple[list[Run], list[bool]]:
    """The runs of ``part`` and whether each overfits."""
    runs = histories(PARTS[part])
    labels = pd.read_csv(LABELS, index_col="run").loc[list(runs)]
    return list(runs.values()), (labels.label == "overfit").tolist()


def judged(part: str, reports: Reports, *, with_rivals: bool) -> Histories:
    """Ours and, where asked for, the rivals' on ``part``."""
    runs, truth = load(part)
    found = [_scored(OURS, [reports.opinion(run) for run in runs], truth)]
    for name in environment.versions() if with_rivals else ():
        found.append(_scored(environment.adapter(name).PACKAGE, of_rival(name, runs), truth))
    return Histories(part, sum(truth), len(truth) - sum(truth), found)


def _scored(name: str, opinions: Iterable[Opinion], truth: list[bool]) -> Scored:
    said = ["overfitting" in opinion.says for opinion in opinions]
    hits = sum(s and t for s, t in zip(said, truth, strict=True))
    false = sum(said) - hits
    quiet = len(truth) - sum(truth) - false  # rightly
    yes, no = 2 * hits / (sum(said) + sum(truth)), 2 * quiet / (len(truth) - sum(said) + len(truth) - sum(truth))
    return Scored(name, (yes + no) / 2, hits, false)


def as_text(parts: Iterable[Histories]) -> str:
    """A table a part."""
    text = WORDS
    for part in parts:
        rows = [[j.name, number(j.f1), share(j.hits, part.overfit), share(j.false, part.sound)] for j in part.judges]
        text += f"\n### {part.name.capitalize()} part\n\n" + table(
            ["judge", "macro-F1", "recall", "false alarms"], rows
        )
    return text


def promises(parts: Iterable[Histories]) -> Iterator[Promise]:
    """Of ours."""
    for part in parts:
        f1 = part.judges[0].f1
        yield Promise(
            f"overfitting on real histories, macro-F1, {part.name} part", f"≥ {GOAL}", number(f1, 3), f1 >= GOAL
        )
