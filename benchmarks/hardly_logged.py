"""Training logged a few times in a whole run: how often is the verdict still right?

``python -m benchmarks.hardly_logged`` takes every run of the lab with MIN_POINTS evaluations or more, keeps of it what a log of any tool has
(losses, accuracy, learning rate), thins its training losses and evaluations, or takes means over so many equal parts of the run as a
Hugging Face Trainer logs them, and counts right verdicts, sound runs named a fault and faults called healthy, beside the same with all that
was logged. Takes about a minute. No threshold is chosen here.
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.diagnosis import PARTS
from benchmarks.lab import shelf
from benchmarks.score.timing import FAULTLESS
from collector.schema import LR, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import Run, diagnose
from diagnostics.curve import Curve
from diagnostics.rule import MIN_POINTS

PLAIN = (TRAIN_LOSS, VAL_LOSS, VAL_ACCURACY, LR)


@dataclass(frozen=True)
class Left:
    """What is left of a log: so many training losses (0: all), single ones or means, beside so many evaluations (0: all)."""

    losses: int = 0
    evaluations: int = 0
    means: bool = False

    def __str__(self) -> str:
        what = "means" if self.means else "training loss" if self.losses == 1 else "training losses"
        return f"{self.losses or 'all'} {what} beside {self.evaluations or 'all'} evaluations"


FORMS = (
    Left(),
    *(Left(losses) for losses in (1, 2, 4, 8)),
    *(Left(losses, evaluations) for losses in (4, 14) for evaluations in (16, 12)),
    *(Left(losses, evaluations, means=True) for losses, evaluations in ((8, 0), (16, 0), (16, 8))),
)


def thinned(run: Run, left: Left) -> Run:
    """What a plain log of ``run`` holds, with what is ``left`` of it, the last points among that."""
    curves = {tag: run[tag] for tag in PLAIN if tag in run}
    if left.losses:
        curves[TRAIN_LOSS] = (_means if left.means else _some)(run[TRAIN_LOSS], left.losses)
    if left.evaluations:
        curves |= {tag: _some(run[tag], left.evaluations) for tag in (VAL_LOSS, VAL_ACCURACY) if tag in run}
    means = frozenset([TRAIN_LOSS]) if left.means else run.means
    return replace(run, curves=curves, layers=None, shapes={}, ranks={}, means=means)


def _some(curve: Curve, count: int) -> Curve:
    kept = np.linspace(0, len(curve) - 1, count + 1).astype(int)[1:]
    return curve.where(np.isin(np.arange(len(curve)), kept))


def _means(curve: Curve, count: int) -> Curve:
    parts = np.array_split(np.arange(len(curve)), count)
    last = np.array([part[-1] for part in parts])
    return Curve(curve.tag, curve.steps[last], np.array([curve.values[part].mean() for part in parts]))


def _runs() -> Iterator[tuple[str, Run]]:
    """Every run of the lab that can be judged by its validation, and its label."""
    for part in PARTS:
        for each in shelf.load(part):
            if TRAIN_LOSS in each.run and VAL_LOSS in each.run and len(each.run[VAL_LOSS].finite()) >= MIN_POINTS:
                yield each.truth, each.run


def _verdicts(labelled: tuple[str, Run]) -> list[tuple[int, str, str]]:
    truth, run = labelled
    return [(form, truth, diagnose(thinned(run, left)).verdict) for form, left in enumerate(FORMS)]


def table() -> pd.DataFrame:
    """One row a form: right verdicts, not given ones (``few``), sound runs named a fault (``alarmed``), faults called healthy (``missed``)."""
    with ProcessPoolExecutor() as pool:
        judged = [row for rows in pool.map(_verdicts, _runs(), chunksize=16) for row in rows]
    frame = pd.DataFrame(judged, columns=["form", "truth", "verdict"])
    frame["right"] = frame.truth == frame.verdict
    frame["few"] = frame.verdict == "not_enough_data"
    frame["alarmed"] = ~frame.verdict.isin(FAULTLESS)
    sound = frame[frame.truth == "healthy"].groupby("form").alarmed
    faults = frame[~frame.truth.isin(FAULTLESS)].groupby("form").verdict
    counted = frame.groupby("form").agg(right=("right", "sum"), few=("few", "sum"), runs=("few", "size"))
    missed = faults.agg(lambda said: int((said == "healthy").sum()))
    return counted.assign(alarmed=sound.sum(), sound=sound.size(), missed=missed, faults=faults.size()).reset_index()


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for row in table().itertuples():
        print(
            f"{FORMS[row.form]}: {row.right} of {row.runs} right, {row.few} not judged, "
            f"{row.alarmed} of {row.sound} sound runs named a fault, {row.missed} of {row.faults} faults called healthy"
        )


if __name__ == "__main__":
    main()
