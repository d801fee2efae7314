"""Training logged once or a few times in a whole run, beside many evaluations: how often is the verdict still right?

``python -m benchmarks.hardly_logged`` takes every run of the lab with ENOUGH evaluations, keeps of it what a log of any tool has (losses,
accuracy, learning rate), thins its training losses, and counts right verdicts, sound runs named a fault and faults called healthy, beside
the same with all losses. Takes about half a minute. No threshold is chosen here.
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.diagnosis import PARTS
from benchmarks.lab import shelf
from benchmarks.score.timing import FAULTLESS
from collector.schema import LR, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import Run, diagnose
from diagnostics.rule import MIN_POINTS

ENOUGH = MIN_POINTS  # evaluations
KEPT = (0, 1, 2, 4, 8)  # training losses that are left; 0 stands for all of them
PLAIN = (TRAIN_LOSS, VAL_LOSS, VAL_ACCURACY, LR)


def thinned(run: Run, losses: int) -> Run:
    """What a plain log of ``run`` holds, with so many of its training losses, the last among them; 0 keeps all."""
    curves = {tag: run[tag] for tag in PLAIN if tag in run}
    if losses:
        train = run[TRAIN_LOSS]
        kept = np.linspace(0, len(train) - 1, losses + 1).astype(int)[1:]
        curves[TRAIN_LOSS] = train.where(np.isin(np.arange(len(train)), kept))
    return replace(run, curves=curves, layers=None, shapes={}, ranks={})


def _runs() -> Iterator[tuple[str, Run]]:
    """Every run of the lab that can be judged by its validation, and its label."""
    for part in PARTS:
        for each in shelf.load(part):
            if TRAIN_LOSS in each.run and VAL_LOSS in each.run and len(each.run[VAL_LOSS].finite()) >= ENOUGH:
                yield each.truth, each.run


def _verdicts(labelled: tuple[str, Run]) -> list[tuple[int, str, str]]:
    truth, run = labelled
    return [(losses, truth, diagnose(thinned(run, losses)).verdict) for losses in KEPT]


def table() -> pd.DataFrame:
    """One row a number of training losses: right verdicts, sound runs named a fault (``alarmed``), faults called healthy (``missed``)."""
    with ProcessPoolExecutor() as pool:
        judged = [row for rows in pool.map(_verdicts, _runs(), chunksize=16) for row in rows]
    frame = pd.DataFrame(judged, columns=["losses", "truth", "verdict"])
    frame["right"] = frame.truth == frame.verdict
    frame["alarmed"] = ~frame.verdict.isin(FAULTLESS)
    sound = frame[frame.truth == "healthy"].groupby("losses").alarmed
    faults = frame[~frame.truth.isin(FAULTLESS)].groupby("losses").verdict
    counted = pd.DataFrame({"right": frame.groupby("losses").right.sum(), "runs": frame.groupby("losses").size()})
    missed = faults.agg(lambda said: int((said == "healthy").sum()))
    return counted.assign(alarmed=sound.sum(), sound=sound.size(), missed=missed, faults=faults.size()).reset_index()


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for row in table().itertuples():
        said = f"{row.losses} training losses" if row.losses else "all training losses"
        print(
            f"{said}: {row.right} of {row.runs} right, {row.alarmed} of {row.sound} sound runs named a fault, "
            f"{row.missed} of {row.faults} faults called healthy"
        )


if __name__ == "__main__":
    main()
