"""Does a verdict stand when the log is the same in other words? Changes real runs in ways that mean nothing, and counts verdicts.

``python -m benchmarks.robustness PATH...`` takes logs, runs or folders of them, as ``curvewise diagnose`` does. Shifted steps, steps in another unit,
a loss in another unit and other clock times say exactly the same: no verdict may change. Every second point says nearly the same.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from collector.schema import EXCESS_LOSS, GRAD_NORM, TRAIN_LOSS, VAL_LOSS
from diagnostics import Curve, Run, diagnose
from diagnostics.readers import read_all

Change = Callable[[Curve], Curve]
LEAST = 100  # training losses: half of fewer is another log


def steps(change: Callable[[np.ndarray], np.ndarray]) -> Change:
    """The steps changed."""
    return lambda curve: Curve(curve.tag, change(curve.steps), curve.values, curve.wall_time)


def loss(factor: float) -> Change:
    """The loss, and with it the gradients, in another unit."""
    scaled = {TRAIN_LOSS, VAL_LOSS, EXCESS_LOSS, GRAD_NORM}
    return lambda curve: replace(curve, values=curve.values * factor) if curve.tag in scaled else curve


def thin(curve: Curve) -> Curve:
    """Every second point."""
    return curve.where(np.arange(len(curve)) % 2 == 0)


def jitter(curve: Curve) -> Curve:
    """Clock times that are off by seconds."""
    off = np.random.default_rng(0).normal(0, 2, len(curve))
    return replace(curve, wall_time=curve.wall_time + off)


CHANGES: dict[str, Change] = {
    "steps + 100,000": steps(lambda s: s + 100_000),
    "steps × 7": steps(lambda s: s * 7),
    "loss × 3": loss(3.0),
    "loss × 0.01": loss(0.01),
    "clock off by seconds": jitter,
    "every second point": thin,
}


def plain(run: Run) -> Run:
    """Without what ties it to its units: the name of the loss, and layers, whose steps and gradients are in a table of their own."""
    return replace(run, loss=None, layers=None, ranks={}, resumed_at=(), superseded={})


def changed(run: Run, change: Change) -> Run:
    """``run`` with every curve changed."""
    epochs = None if run.epochs is None else change(run.epochs)
    return replace(run, curves={tag: change(curve) for tag, curve in run.curves.items()}, epochs=epochs)


def verdicts(runs: list[Run]) -> pd.DataFrame:
    """One row a run: the verdict as logged, and by change."""
    rows = []
    for run in map(plain, runs):
        said = {name: diagnose(changed(run, change)).verdict for name, change in CHANGES.items()}
        rows.append(
            {"run": run.name, "points": len(run.get(TRAIN_LOSS) or ()), "as logged": diagnose(run).verdict, **said}
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Print the share of verdicts that change, and between which."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    for path in parser.parse_args().paths:
        table = verdicts(read_all([path])[0])
        table = table[table.points >= LEAST]
        print(f"\n## {path.name}: {len(table)} runs\n")
        for name in CHANGES:
            other = table[table[name] != table["as logged"]]
            pairs = Counter(f"{a} → {b}" for a, b in zip(other["as logged"], other[name], strict=True))
            print(
                f"{name:22} {len(other):4} change, {len(other) / max(1, len(table)):.1%}  {dict(pairs.most_common(4)) or ''}"
            )


if __name__ == "__main__":
    main()
