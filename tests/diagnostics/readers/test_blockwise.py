"""Block by block says the same as at once."""

import numpy as np
import pytest

from diagnostics.readers import blockwise
from diagnostics.readers.blockwise import BLOCK


@pytest.mark.parametrize("at", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_what_one_number_changes_is_seen_wherever_it_stands(at: int) -> None:
    steps = np.arange(2 * BLOCK + 1)
    assert blockwise.rises(steps) and not blockwise.falls(steps) and blockwise.whole(steps)
    again = np.where(steps == at, at - 1, steps)
    assert not blockwise.rises(again) and not blockwise.falls(again)
    assert blockwise.falls(np.where(steps == at, at - 2, steps))
    assert blockwise.within(steps, steps.size) and not blockwise.within(
        np.where(steps == at, -steps.size, steps), steps.size
    )
    half = np.where(steps == at, at + 0.5, steps)
    assert not blockwise.whole(half) and blockwise.finite(half)
    gap = np.where(steps == at, np.nan, steps)
    assert not blockwise.whole(gap) and not blockwise.finite(gap) and not blockwise.within(gap, np.inf)


@pytest.mark.parametrize("bound", [2**53, -(2**53), np.iinfo(np.int64).min, np.iinfo(np.int64).max])
def test_whole_numbers_that_a_float64_cannot_count_are_not_whole(bound: int) -> None:
    assert not blockwise.whole(np.array([0, bound])) and not blockwise.whole(np.array([0.0, bound]))
    assert not blockwise.whole(np.empty(0)) and not blockwise.whole(np.array([np.inf]))
