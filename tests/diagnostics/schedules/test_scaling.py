"""The linear scaling rule as Goyal et al. 2017 state it."""

import numpy as np
import pytest

from diagnostics.run import Run
from diagnostics.schedules import SHAPES, Schedule
from diagnostics.schedules.scaling import epochs, scaled

IMAGENET, EPOCHS = 1_281_167, 90


def test_goyal_s_own_figures() -> None:
    """ResNet-50: 0.1 at 256 becomes 3.2 at 8,192, warmed up over 5 epochs from 0.1."""
    total = EPOCHS * IMAGENET // 256
    drops = tuple(30 * i * IMAGENET // 256 for i in (1, 2))
    new = scaled(Schedule("multi_step", 0.1, total, milestones=drops), 8_192 / 256, EPOCHS)
    assert new.peak == pytest.approx(3.2) and new.warmup == "gradual"
    assert new.total_steps == pytest.approx(EPOCHS * IMAGENET / 8_192, abs=1)
    assert new.warmup_steps == pytest.approx(5 * IMAGENET / 8_192, abs=1)
    assert new.milestones == pytest.approx([30 * IMAGENET / 8_192, 60 * IMAGENET / 8_192], abs=1)
    assert new.lr(np.array([0]))[0] == pytest.approx(0.1)


def test_adam_by_the_square_root() -> None:
    new = scaled(Schedule("cosine", 1e-3, 1000, final=1e-5), 4, 20, rule="sqrt")
    assert (new.peak, new.final, new.warmup_start) == pytest.approx((2e-3, 2e-5, 0.5))


def test_a_smaller_batch_keeps_its_warmup() -> None:
    new = scaled(Schedule("cosine", 0.4, 1000, 50), 1 / 4, 20)
    assert (new.peak, new.warmup_steps, new.total_steps, new.warmup_start) == (pytest.approx(0.1), 200, 4000, 0)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("k", [1e-3, 0.5, 1, 2, 1e4])
@pytest.mark.parametrize("length", [0.5, 3, 1e4])
def test_every_shape_can_be_scaled(kind: str, k: float, length: float) -> None:
    before = Schedule(kind, 0.1, 100, 0 if kind == "one_cycle" else 10, warmup_start=0.1, final=0.01)
    new = scaled(before, k, length)
    rates = new.lr(np.arange(new.total_steps))
    assert np.isfinite(rates).all() and rates.max() <= new.peak * (1 + 1e-12)


def test_the_same_batch_is_the_same_schedule() -> None:
    before = Schedule("step", 0.1, 100, 10, every=20)
    assert scaled(before, 1, 10) == before


def test_epochs_of_a_run_that_does_not_say() -> None:
    assert epochs(Run("", {})) == 90
