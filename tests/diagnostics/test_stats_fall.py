"""When a loss did its fall."""

import numpy as np
import pytest

from collector.schema import TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.stats.fall import fall_after


def _curve(values) -> Curve:
    return Curve(TRAIN_LOSS, np.arange(len(values)), np.asarray(values, float))


def test_a_straight_fall_has_most_of_it_yet_to_come():
    values = np.r_[np.linspace(2, 1, 801), np.full(200, 1.0)]
    assert fall_after(_curve(values), 0.2) == pytest.approx(0.75, abs=0.01)


def test_a_drop_at_the_start_leaves_nothing():
    assert fall_after(_curve(np.r_[2.0, np.full(999, 1.0)]), 0.05) == 0.0


def test_two_points_far_apart_are_read_between():
    assert fall_after(_curve([2.0, 1.0, 1.0, 1.0, 1.0]), 0.125) == pytest.approx(0.5)


def test_what_did_not_fall_has_no_share():
    assert fall_after(_curve(np.linspace(1, 2, 100)), 0.1) == 0.0
