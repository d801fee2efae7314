"""Where a loss was lowest, and how surely it has risen since."""

import numpy as np
import pytest

from collector.schema import VAL_LOSS
from diagnostics import Curve
from diagnostics.stats.turning import turn

STEPS = np.arange(0, 1000, 10)
VALLEY = 1 + ((STEPS - 300) / 1000) ** 2


def curve(values) -> Curve:
    return Curve(VAL_LOSS, STEPS, values)


def test_a_valley_is_found_with_its_rise():
    seen = turn(curve(VALLEY))
    assert seen.step == 300
    assert seen.best == pytest.approx(1.0, abs=1e-3)
    assert seen.last == pytest.approx(VALLEY[-3])
    assert 69 <= seen.after <= 70
    assert seen.near[0] <= 300 <= seen.near[1]


def test_jitter_is_that_of_single_points_not_of_the_rise():
    noise = 0.01 * np.random.default_rng(0).standard_normal(len(STEPS))
    assert turn(curve(VALLEY + noise)).jitter == pytest.approx(0.01, rel=0.4)


def test_the_step_is_that_of_a_point_that_exists_and_is_low():
    values = VALLEY.copy()
    values[31] -= 0.003  # within the stretch around the smoothed lowest
    assert turn(curve(values)).step == STEPS[31]


def test_one_low_point_alone_is_not_the_best():
    values = VALLEY.copy()
    values[80] = 0.5
    assert turn(curve(values)).best == pytest.approx(1.0, abs=0.01)


def test_above_is_a_share_of_the_size_whatever_the_sign():
    seen = turn(curve(VALLEY - 3))  # from −2 at best to about −1.53
    assert seen.above(0.2)
    assert not seen.above(0.3)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_curves_have_no_rise(count):
    assert turn(Curve(VAL_LOSS, STEPS[:count], VALLEY[:count])).rise <= 0.01


def test_the_rise_of_a_long_curve_is_known_better_than_its_points():
    noise = np.random.default_rng(0).standard_normal(1000)
    long = turn(Curve(VAL_LOSS, np.arange(1000), 10 + noise))
    short = turn(Curve(VAL_LOSS, np.arange(20), 10 + noise[:20]))
    assert long.error == pytest.approx(0.25 * long.jitter, rel=0.01)
    assert short.error == short.jitter
