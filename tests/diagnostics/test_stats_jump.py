"""How far single losses were flung above the start."""

import numpy as np
import pytest

from diagnostics import diagnose, synthetic
from diagnostics.stats.jump import jump
from diagnostics.stats.level import before_training

FALLING = synthetic.falling(2.0, 0.2)


def _with(*high):
    values = FALLING.copy()
    values[10 : 10 + len(high)] = high
    return synthetic.make(values)


def test_an_odd_batch_is_high_but_not_often():
    seen = jump(_with(20.0))
    assert seen is not None
    assert seen.height == pytest.approx(10) and seen.often <= 1
    assert (seen.peak, seen.step) == (20.0, 11)


def test_three_high_losses_are_no_odd_batch():
    seen = jump(_with(20.0, 12.0, 10.0, 2.0))
    assert seen is not None and seen.often == pytest.approx(5)


def test_noise_is_no_jump():
    assert jump(synthetic.make(synthetic.noisy(np.ones(1000), 0.1))) is None


def test_a_loss_below_nothing_has_no_scale():
    assert jump(synthetic.make(FALLING - 3.0)) is None


@pytest.mark.parametrize("spread, stands_out", [(0.4, True), (0.7, False)])
def test_an_easy_first_batch_is_no_scale_where_batches_differ_manyfold(spread, stands_out):
    shaken = 0.1 * np.exp(spread * np.random.default_rng(0).standard_normal(200))
    seen = jump(synthetic.make(np.r_[0.05, 0.9, 0.8, 0.7, shaken]))
    assert (seen is not None) is stands_out
    assert seen is None or seen.height > 10 > 7 > seen.often


def _rare(*places) -> np.ndarray:
    """Losses of batches that hardly differ, but for one here and there that has many rare events."""
    losses = 0.95 + 0.1 * np.random.default_rng(3).standard_normal(2000)
    losses[0] = 0.85
    losses[list(places)] = np.linspace(5.6, 4.2, len(places))
    return losses


def test_batches_of_few_rare_events_go_far_now_and_then():
    run = synthetic.make(_rare(1300, 400, 1700, 1900), lr=1e-5)
    assert jump(run) is None and diagnose(run).verdict not in ("diverged", "lr_too_high")
    assert jump(synthetic.make(_rare(1300), lr=1e-5)) is not None, "that one is like no other"
    assert jump(synthetic.make(_rare(1300, 1301, 1302, 1700, 1900), lr=1e-5)) is not None, (
        "three in a row are no odd batch"
    )


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("steps", [100, 1000])
def test_a_loss_thrown_up_late_is_told_all_the_same(share, steps):
    at = round(share * steps)
    losses = synthetic.noisy(np.r_[np.linspace(2.31, 2.2, at), np.full(steps - at, 2.303)], 0.003)
    losses[at] = 60.0
    assert diagnose(synthetic.make(losses, lr=1.0)).verdict == "diverged"


def test_in_a_warmup_many_batches_see_the_untouched_network():
    losses = np.r_[9.0, 14.0, 52.0, 45.0, 25.0, 53.0, 30.0, 19.0, synthetic.noisy(synthetic.falling(25.0, 3.0), 0.05)]
    barely = np.r_[np.full(8, 4e-4), np.full(1000, 0.01)]
    warmed = synthetic.make(losses, update_ratio=barely)
    assert before_training(warmed) == pytest.approx(losses[:8].mean())
    assert diagnose(warmed).verdict not in ("diverged", "lr_too_high")
    at_once = synthetic.make(losses, update_ratio=np.full(1008, 0.02))
    assert before_training(at_once) == 9.0, "the second loss is already another network's"
    assert before_training(synthetic.make(losses)) == 9.0, "nobody knows"


@pytest.mark.parametrize("highest, is_seen", [(3.0, False), (12.0, True)])
def test_batches_of_rare_events_go_as_far_before_as_after_and_less_far_by_and_by(highest, is_seen):
    """Of a weighted loss whose level and excursions both come down: one batch in ten holds a rare event."""
    rng = np.random.default_rng(0)
    level = np.linspace(0.65, 0.25, 800)
    values = level * np.exp(0.3 * rng.standard_normal(800)) + (rng.random(800) < 0.05) * level * rng.uniform(
        2, 4.5, 800
    )
    values[0], values[580] = 0.69, highest
    assert (jump(synthetic.make(values)) is not None) is is_seen
