"""What the recorded excess loss says of the average of the last weights, held against evaluating that average.

``python -m benchmarks.averaged`` (bench requirements; two minutes) trains runs of the lab with a constant learning rate again, up to PER_LABEL of each label, whose
excess loss is on the shelf. It averages the weights over the last LAST of the steps (stochastic weight averaging: Izmailov et al., "Averaging Weights Leads to Wider Optima
and Better Generalization", 2018), evaluates the average, and prints by label what share of the training loss and of the validation loss it takes off, and what share the excess
loss said; how well each alone tells the labels apart (area under the ROC curve); and how well the excess loss ranks the runs as the evaluation does (Spearman's correlation).
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu, spearmanr
from torch import Tensor

from benchmarks.diagnosis import PARTS
from benchmarks.lab import shelf
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.train import Loop, prepared
from diagnostics.stats.wandering import wandering

LAST = 0.2  # of the steps
PER_LABEL, MOST_STEPS = 40, 4000  # runs of a label, and of a run: for the time it takes
NEEDED, SOUND = ("needs_decay", "lr_too_high"), ("healthy", "keep_training")
BY = {"excess loss": "said", "training loss": "train", "validation loss": "val"}


class Averaging(Loop):
    """The lab's loop, with the running mean of all weights and buffers over the last steps."""

    mean: dict[str, Tensor]
    count = 0

    def step(self, step: int, chosen: Tensor) -> None:
        """One step, the ``step``-th from 0, on the examples ``chosen``."""
        super().step(step, chosen)
        if step < (1 - LAST) * self.recipe.steps:
            return
        self.count += 1
        now = self.model.state_dict()
        if self.count == 1:
            self.mean = {name: value.clone() for name, value in now.items()}
        for name, value in now.items():
            self.mean[name].lerp_(value, 1 / self.count) if value.is_floating_point() else self.mean[name].copy_(value)

    def settled(self) -> tuple[float, float]:
        """Training loss, measured as validation is, and validation loss of the mean; the model keeps it."""
        self.model.load_state_dict(self.mean)
        self.evaluate(self.recipe.steps, logged=False)
        return self.on_train(), self.seen[self.recipe.steps][0]


@dataclass(frozen=True)
class Subject:
    """A run to train again: its label, its recipe, and what share of the loss its excess loss was."""

    label: str
    recipe: Recipe
    said: float


def gains(recipe: Recipe) -> tuple[float, float]:
    """By what share of itself the training loss and the validation loss at the end would be lower with averaged weights; NaN where it has no share."""
    loop = Averaging(recipe, *prepared(recipe))
    ends = loop.through()
    pairs = zip(loop.settled(), (ends.train, ends.val), strict=True)
    train, val = (1 - mean / end if 0 < end < np.inf else np.nan for mean, end in pairs)
    return train, val


def subjects() -> Iterator[Subject]:
    """Runs with a constant rate and a recorded excess loss, drawn by chance from all parts."""
    every = [r for part in PARTS for r in shelf.load(part) if r.truth in NEEDED + SOUND]
    fit = [r for r in every if r.recipe.schedule == "constant" and r.recipe.steps <= MOST_STEPS]
    taken = defaultdict[str, int](int)
    for at in np.random.default_rng(0).permutation(len(fit)):
        run, seen = fit[at], wandering(fit[at].run)
        if seen is None or taken[run.truth] == PER_LABEL:
            continue
        taken[run.truth] += 1
        yield Subject(run.truth, run.recipe, seen.share)


def measured(chosen: Sequence[Subject]) -> pd.DataFrame:
    """A row a run: ``label``, and the shares that were ``said`` and that ``train`` and ``val`` loss would be lower by."""
    with ProcessPoolExecutor() as pool:
        train, val = zip(*pool.map(gains, [one.recipe for one in chosen]), strict=True)
    said = [one.said for one in chosen]
    return pd.DataFrame({"label": [one.label for one in chosen], "said": said, "train": train, "val": val})


def report(table: pd.DataFrame) -> Iterator[str]:
    """The lines that ``main`` prints."""
    for label in NEEDED + SOUND:
        rows = table[table.label == label]
        parts = (f"{name} {rows[column].median():.1%}" for name, column in BY.items())
        yield f"{label}: {len(rows)} runs; lower by, in the median: {', '.join(parts)}"
    for fault in NEEDED:
        for sound in SOUND:
            parts = (f"{name} {area(table, fault, sound, column):.2f}" for name, column in BY.items())
            yield f"{fault} from {sound}, area under the ROC curve: {', '.join(parts)}"
    for name, column in list(BY.items())[1:]:
        both = table[np.isfinite(table[column])]
        yield f"excess loss and {name}: correlation of the ranks {spearmanr(both.said, both[column]).statistic:.2f}"


def area(table: pd.DataFrame, fault: str, sound: str, column: str) -> float:
    """How often a run labelled ``fault`` has more of ``column`` than one labelled ``sound``."""
    one, other = (table.loc[table.label == label, column].dropna() for label in (fault, sound))
    return float(mannwhitneyu(one, other).statistic) / (len(one) * len(other))


def main() -> None:
    """Print shares by label, how well they tell labels apart, and how well they agree."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for line in report(measured(list(subjects()))):
        print(line)


if __name__ == "__main__":
    main()
