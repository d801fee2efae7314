"""Averaged weights of a run of the lab: of a decay that is missing they tell what it is worth, and so does the recorded excess loss."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from benchmarks.averaged import gains, report, subjects
from benchmarks.lab import shelf
from diagnostics.stats.wandering import wandering

needs_data = pytest.mark.skipif(not find_spec("sklearn"), reason="the lab's data packages are not installed")


def test_the_runs_have_a_constant_rate_and_an_excess_loss():
    drawn = list(subjects())
    assert len(drawn) > 100 and all(one.recipe.schedule == "constant" and one.said < 1 for one in drawn)


def test_what_is_printed_holds_the_excess_loss_against_the_evaluated_average():
    labels = np.repeat(["needs_decay", "lr_too_high", "healthy", "keep_training"], 5)
    values = np.repeat([0.3, 0.1, 0.0, 0.02], 5)
    lines = list(report(pd.DataFrame({"label": labels, "said": values, "train": values, "val": values})))
    assert (
        lines[0]
        == "needs_decay: 5 runs; lower by, in the median: excess loss 30.0%, training loss 30.0%, validation loss 30.0%"
    )
    assert lines[-2] == "excess loss and training loss: correlation of the ranks 1.00" and len(lines) == 10


@needs_data
def test_the_average_is_lower_where_a_decay_would_help_and_the_excess_loss_said_so():
    run = next(each for each in shelf.load("tuning") if each.name == "digits-relu-sgd-needs_decay-long")
    train, val = gains(run.recipe)
    assert min(train, val, wandering(run.run).share) > 0.2
    assert np.isfinite(gains(replace(run.recipe, steps=20))).all()
