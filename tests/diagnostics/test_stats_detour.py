"""A loss that was as low early as at the end."""

import numpy as np
import pytest

from diagnostics import synthetic
from diagnostics.stats.detour import detour


def run(*corners, noise=0.02):
    """Lines between ``corners``: (share of the run, loss)."""
    shares, losses = zip(*corners, strict=True)
    level = np.interp(np.linspace(0, 1, synthetic.STEPS), shares, losses)
    return synthetic.make(synthetic.noisy(level, noise))


def test_what_was_lost_and_won_again():
    seen = detour(run((0, 2.0), (0.1, 1.0), (0.2, 2.0), (0.5, 2.0), (1, 1.0)))
    assert (seen.low, seen.high, seen.last) == pytest.approx((1.1, 2.0, 1.1), abs=0.1)
    assert seen.share == pytest.approx(1.0, abs=0.1)
    assert 80 <= seen.step <= 120 < seen.since <= 500


@pytest.mark.parametrize(
    "corners",
    {
        "it won more in the end": ((0, 2.0), (0.1, 1.0), (0.2, 2.0), (0.5, 2.0), (1, 0.5)),
        "it never rose": ((0, 2.0), (0.1, 1.0), (1, 1.0)),
        "it never fell": ((0, 2.0), (0.3, 2.0), (0.5, 3.0), (1, 2.0)),
        "a spike": ((0, 2.0), (0.2, 1.0), (0.21, 5.0), (0.25, 1.0), (1, 1.0)),
    }.items(),
    ids=lambda made: made[0],
)
def test_no_detour(corners):
    assert detour(run(*corners[1])) is None or detour(run(*corners[1])).share < 0.1


def test_what_the_noise_does_is_none():
    assert detour(run((0, 2.0), (0.1, 1.0), (0.3, 1.3), (0.5, 1.3), (1, 1.0), noise=0.5)) is None
