"""The judge that was taught: what it sees of a run, and that it learns."""

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from benchmarks.lab import shelf
from benchmarks.lab.subjects import PARTS
from benchmarks.score import learned
from benchmarks.score.lab_page import UNSEEN
from collector.schema import TRAIN_LOSS
from diagnostics import Curve, Run


def test_a_run_of_one_short_curve_has_features():
    told = learned.features(Run("short", {TRAIN_LOSS: Curve(TRAIN_LOSS, np.arange(3), np.array([3.0, np.nan, 1.0]))}))
    assert told == {"steps": pytest.approx(np.log(2))}


def test_what_has_a_unit_is_told_from_what_has_none():
    table = learned.seen(_Few("wild"))
    levels = {name for name in table if learned.LEVELS.search(name)}
    assert {"steps", "set_lr", "adam", "train_points", "rate_first", "val_last"} <= levels
    assert {"train_height4", "rate_left7", "update_ratio_median0"} <= {*table} - levels


def test_a_part_that_was_judged_unseen_has_its_figure():
    assert UNSEEN.keys() == PARTS.keys() - {"tuning"}


@pytest.mark.skipif(not find_spec("sklearn"), reason="scikit-learn is not installed")
def test_trees_learn():
    draw = np.random.default_rng(0)
    known = pd.DataFrame({"a": draw.normal(size=80), "b": 1.0})
    truths = np.where(known.a > 0, "healthy", "diverged")
    asked = pd.DataFrame({"a": [-1.0, 1.0], "b": 1.0})
    assert learned.said(known, list(truths), asked) == ["diverged", "healthy"]


class _Few:
    def __init__(self, part):
        self.cases = shelf.load(part)[:12]
