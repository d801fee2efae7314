"""What ``first_update`` takes for usual is what the lab's sound runs show."""

from collections import defaultdict

import numpy as np

from benchmarks.diagnosis import PARTS
from benchmarks.lab import shelf
from diagnostics import synthetic
from diagnostics.stats.first_update import USUAL, first_update

SOUND = ("healthy", "keep_training", "needs_decay", "decay_too_early")
NEAR = 1.6  # times: USUAL has one digit
FEW = 3  # runs


def test_the_median_of_the_sound_runs_is_near_one_with_every_optimizer():
    found: defaultdict[str, list[float]] = defaultdict(list)
    for part in PARTS:
        for lab_run in shelf.load(part):
            known = synthetic.with_config(lab_run.run, optimizer=lab_run.recipe.optimizer)  # some logs do not say
            if lab_run.truth in SOUND and (seen := first_update(known)) is not None:
                found[lab_run.recipe.optimizer].append(seen)
    medians = {name: float(np.median(seen)) for name, seen in found.items() if len(seen) >= FEW}
    assert len(medians) >= len(USUAL) - 2
    assert {name: m for name, m in medians.items() if not 1 / NEAR <= m <= NEAR} == {}
