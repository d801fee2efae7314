"""Would the average of the last weights tell what a decay is worth, which curves alone hardly do?

``python -m benchmarks.averaged`` (bench requirements; about a minute) trains runs of the lab with a constant learning rate again, up to PER_LABEL of each label,
averages the weights over the last LAST of the steps (stochastic weight averaging: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
Generalization", 2018), and prints how much lower the validation loss of the average is than the run's own end, by label, and how well that alone
tells the labels apart (area under the ROC curve). Nothing in the product rests on it yet.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

from benchmarks.diagnosis import PARTS
from benchmarks.lab import shelf, train
from benchmarks.lab.recipe import Recipe

LAST = 0.2  # of the steps
PER_LABEL, MOST_STEPS = 40, 4000  # runs of a label, and of a run: for the time it takes
NEEDED, SOUND = ("needs_decay", "lr_too_high"), ("healthy", "keep_training")


class Averaging(train._Loop):
    """The lab's loop, with the running mean of all weights and buffers over the last steps."""

    mean: dict[str, Tensor]
    count = 0

    def _step(self, step: int, chosen: Tensor) -> None:
        super()._step(step, chosen)
        if step < (1 - LAST) * self.recipe.steps:
            return
        self.count += 1
        now = self.model.state_dict()
        if self.count == 1:
            self.mean = {name: value.clone() for name, value in now.items()}
        for name, value in now.items():
            self.mean[name].lerp_(value, 1 / self.count) if value.is_floating_point() else self.mean[name].copy_(value)

    def averaged(self) -> float:
        """Validation loss of the mean."""
        self.model.load_state_dict(self.mean)
        self._evaluate(self.recipe.steps, logged=False)
        return self.seen[self.recipe.steps][0]


def gain(recipe: Recipe) -> float:
    """By what share of itself the validation loss at the end would be lower with averaged weights; NaN where it has no share."""
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    data = train._data(recipe)
    model = train.build(recipe, data)
    loop = Averaging(recipe, data, model, train._optimizer(recipe, model), None)
    ends = loop.through().val
    return 1 - loop.averaged() / ends if 0 < ends < np.inf else np.nan


def recipes() -> Iterator[tuple[str, Recipe]]:
    """Label and recipe of the runs with a constant rate, drawn by chance from all parts."""
    every = [r for part in PARTS for r in shelf.load(part) if r.truth in NEEDED + SOUND]
    fit = [r for r in every if r.recipe.schedule == "constant" and r.recipe.steps <= MOST_STEPS]
    taken = defaultdict[str, int](int)
    for at in np.random.default_rng(0).permutation(len(fit)):
        run = fit[at]
        taken[run.truth] += 1
        if taken[run.truth] <= PER_LABEL:
            yield run.truth, run.recipe


def main() -> None:
    """Print the gains by label, and how well they tell labels apart."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    truths, chosen = zip(*recipes(), strict=True)
    with ProcessPoolExecutor() as pool:
        gains = np.array(list(pool.map(gain, chosen)))
    by = {
        label: found[np.isfinite(found)] for label in NEEDED + SOUND if (found := gains[np.array(truths) == label]).size
    }
    for label, found in by.items():
        low, middle, high = np.quantile(found, [0.1, 0.5, 0.9])
        print(
            f"{label}: {len(found)} runs, lower by {middle:.1%} in the median ({low:.1%} to {high:.1%} for eight of ten)"
        )
    for fault in NEEDED:
        for sound in SOUND:
            area = mannwhitneyu(by[fault], by[sound]).statistic / (len(by[fault]) * len(by[sound]))
            print(f"{fault} from {sound}: area under the ROC curve {area:.2f}")


if __name__ == "__main__":
    main()
