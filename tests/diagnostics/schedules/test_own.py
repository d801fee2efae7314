"""A run's own schedule is read off its logged rate."""

import numpy as np
import pytest

from collector.schema import LR, TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.schedules import Schedule
from diagnostics.schedules.own import own

TOTAL = 1000
FOLLOWED = [
    Schedule("constant", 0.1, TOTAL),
    Schedule("constant", 0.1, TOTAL, 100, "constant", 0.1),
    Schedule("cosine", 0.1, TOTAL, 50),
    Schedule("cosine", 3e-4, TOTAL, final=3e-5),
    Schedule("linear", 0.1, TOTAL, 200, warmup_start=0.2),
    Schedule("multi_step", 0.4, TOTAL, 20, milestones=(400, 700), factor=0.2),
    Schedule("step", 0.4, TOTAL, every=100, factor=0.5),
    Schedule("exponential", 0.1, TOTAL, every=200, factor=0.5),
    Schedule("inverse_sqrt", 0.1, TOTAL, 40),
    Schedule("one_cycle", 0.1, TOTAL, warmup_start=0.04),
    Schedule("warmup_stable_decay", 0.1, TOTAL, 50, decay_steps=300),
]


def followed(schedule: Schedule, first: int = 1, every: int = 1) -> Run:
    """A run that trained all of ``schedule`` and logged the rate of every so many updates."""
    done = np.arange(0, schedule.total_steps, every)
    loss = Curve(TRAIN_LOSS, [first, schedule.total_steps], [1.0, 0.5])
    return Run("r", {LR: Curve(LR, done + first, schedule.lr(done)), TRAIN_LOSS: loss})


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("schedule", FOLLOWED, ids=lambda s: f"{s.kind}-{s.warmup_steps}")
def test_what_was_followed_is_found(schedule: Schedule, first: int) -> None:
    found = own(followed(schedule, first))
    assert found is not None
    steps = np.arange(TOTAL)
    np.testing.assert_allclose(found.lr(steps), schedule.lr(steps), atol=2e-3 * schedule.peak)


@pytest.mark.parametrize("schedule", FOLLOWED, ids=lambda s: f"{s.kind}-{s.warmup_steps}")
def test_from_every_tenth_step_too(schedule: Schedule) -> None:
    found = own(followed(schedule, every=10))
    assert (
        found is not None and abs(found.lr(np.arange(TOTAL)) - schedule.lr(np.arange(TOTAL))).mean() < 0.02 * found.peak
    )


def test_a_rate_of_no_known_shape_is_none() -> None:
    noise = np.random.default_rng(0).uniform(0.01, 0.1, TOTAL)
    assert own(Run("r", {LR: Curve(LR, np.arange(TOTAL), noise)})) is None


def test_a_run_without_a_rate_has_none() -> None:
    assert own(Run("r", {TRAIN_LOSS: Curve(TRAIN_LOSS, [1, 2], [1.0, 1.0])})) is None
    assert own(Run("r", {LR: Curve(LR, [1, 2], [np.nan, 0.0])})) is None
