"""Spikes against a slow, clear twin and against known truths."""

import numpy as np
import pytest

from diagnostics import Curve, synthetic
from diagnostics.stats.spikes import AFTER, BEFORE, LEAST_STRETCH, STRETCHES, spikes

ASK = {"widths": 10.0, "share": 0.25, "beyond": 2.0, "in_logs": 5.0}


def curve(values) -> Curve:
    return Curve("train/loss", np.arange(1, len(values) + 1), np.asarray(values, float))


def slowly(values, widths, share, beyond, in_logs) -> list[int]:
    """Index of the first point of each spike, one point at a time."""
    stretch = max(LEAST_STRETCH, len(values) // STRETCHES)
    parts = [values[i : i + stretch] for i in range(0, len(values) // stretch * stretch, stretch)]
    found, until = [], -1
    for i, value in enumerate(values):
        now = min(i // stretch, len(parts) - 1)
        if now < BEFORE or i <= until:
            continue
        level = np.median(parts[now - 1])
        spread = max(1.4826 * np.median(abs(p - np.median(p))) for p in parts[now - BEFORE : now])
        steps = [(parts[k] - np.median(parts[k - 1])).max() for k in range(max(1, now - BEFORE), now)]
        progress = np.median(values[:LEAST_STRETCH]) - level
        up = value - level
        before = np.concatenate(parts[now - BEFORE : now])
        stays = len(values[i : i + 3]) == 3 and all(
            v - np.median(before) > (value - np.median(before)) / 2 for v in values[i : i + 3]
        )
        if not (stays or (before <= 0).any()):
            logs = np.log(before)
            if np.log(max(value, 1e-9)) - np.median(logs) <= in_logs * 1.4826 * np.median(abs(logs - np.median(logs))):
                continue
        if progress > 0 and up > max(widths * spread, beyond * max(*steps, 0), share * progress):
            limit = level + max(2 * spread, 0.2 * min(up, progress))
            rest = values[i:]
            ahead = [rest[k : k + AFTER] <= limit for k in range(len(rest))]
            down = [k for k, a in enumerate(ahead) if a[0] and a.mean() > 0.5]
            until = i + (down[0] if down else len(rest))
            found.append(i)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 900))
    values = synthetic.noisy(synthetic.falling(steps=n), 0.1, seed)
    for at in rng.integers(0, n, 4):
        values[at : at + rng.integers(1, 40)] += rng.choice([0.5, 2.0, 20.0])
    assert [s.first - 1 for s in spikes(curve(values))] == slowly(values, **ASK)


def test_says_where_and_for_how_long():
    values = synthetic.noisy(synthetic.falling(), 0.02)
    values[600:612] += 3.0
    (spike,) = spikes(curve(values))
    assert (spike.first, spike.back) == (601, 613)
    assert 601 <= spike.peak < 613
    assert spike.height == pytest.approx(3.0, rel=0.05)


def test_one_that_does_not_come_back():
    values = synthetic.noisy(synthetic.falling(), 0.02)
    values[600:] += 2.0
    assert [s.back for s in spikes(curve(values))] == [None]


def test_a_spike_is_found_at_the_same_step_while_the_run_goes_on():
    values = synthetic.noisy(synthetic.falling(), 0.02)
    values[600:612] += 3.0
    assert {spikes(curve(values[:n]))[0].first for n in (602, 650, 800, 1000)} == {601}


@pytest.mark.parametrize("seed", range(30))
def test_heavy_tails_are_no_spikes(seed):
    values = synthetic.falling(last=0.2) * np.random.default_rng(seed).lognormal(0, 0.9, 1000)
    assert not spikes(curve(values))
    values[700:703] += 20.0
    assert [s.first for s in spikes(curve(values))] == [701], "three in a row are no odd batch"
