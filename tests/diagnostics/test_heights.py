"""One run that blows up must not flatten the others; what all need is never cut."""

import numpy as np
import pytest

from diagnostics import heights
from diagnostics.curve import Curve
from diagnostics.heights import Extent

FALLING = [Extent(0.05 * i, 2.3 + 0.1 * i) for i in range(1, 7)]


def test_what_fits_is_shown_whole():
    assert heights.usual(FALLING) is None
    assert heights.usual([*FALLING, Extent(0.1, 4.0)]) is None
    assert heights.usual([]) is None


@pytest.mark.parametrize("others", [FALLING, FALLING[:1]])
def test_a_diverged_run_is_cut_and_the_others_fill_half(others):
    low, high = heights.usual([*others, Extent(0.2, 1e35, usual=False)])
    assert low == min(e.low for e in others)
    assert max(e.high for e in others) < high < 2.1 * max(e.high for e in others)


def test_one_of_many_is_cut_whatever_it_is_called():
    low, high = heights.usual([*FALLING, Extent(0.1, 3e7)])
    assert high < 10 and Extent(0.1, 3e7).beyond((low, high))


def test_where_all_have_diverged_all_is_shown():
    assert heights.usual([Extent(1, 1e9, usual=False), Extent(1, 1e12, usual=False)]) is None


def test_an_end_is_cut_only_where_that_saves_height():
    high = [Extent(0.5, 0.7) for _ in range(6)]
    assert heights.usual([*high, Extent(0.3, 0.95)]) is None
    low, top = heights.usual([*high, Extent(0.2, 1e31)])
    assert low == 0.2 and top < 1


def test_downwards_too():
    low, _ = heights.usual([Extent(-1, 0) for _ in range(8)] + [Extent(-1e6, 0)])
    assert low == -2


def test_a_log_axis_counts_in_powers_of_ten():
    found = heights.usual([*FALLING, Extent(0.1, 1e35, usual=False)], log=True)
    assert found is not None and 2.9 < found[1] < 1e3


def test_constant_curves_leave_room_for_their_like():
    assert heights.usual([Extent(0.1, 0.1)] * 5 + [Extent(0.2, 0.2)]) is None


def test_an_extent_is_of_what_is_drawn():
    curve = Curve("train/loss", np.arange(6), np.asarray([4.0, 2.0, np.nan, -1.0, np.inf, 3.0]))
    assert heights.extent(curve, 0) == (-1.0, 4.0)
    assert heights.extent(curve, 0, log=True) == (2.0, 4.0)
    assert heights.extent(curve, 2) == (-1.0, 4.0) and heights.extent(curve, 2, log=True) == (3.0, 4.0)
    assert heights.extent(Curve("train/loss", [0], [np.nan]), 0) is None
