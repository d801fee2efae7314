"""Averaged weights of a run of the lab: of a decay that is missing they tell what it is worth."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.averaged import gain, recipes
from benchmarks.lab import shelf

needs_data = pytest.mark.skipif(not find_spec("sklearn"), reason="the lab's data packages are not installed")


def test_the_runs_have_a_constant_rate():
    drawn = list(recipes())
    assert len(drawn) > 100 and all(recipe.schedule == "constant" for _, recipe in drawn)


@needs_data
def test_the_average_is_lower_where_a_decay_would_help():
    run = next(each for each in shelf.load("tuning") if each.name == "digits-relu-sgd-needs_decay-long")
    assert gain(run.recipe) > 0.2
    assert np.isfinite(gain(replace(run.recipe, steps=20)))
