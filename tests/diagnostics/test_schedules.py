"""Every shape equals torch's own scheduler, or the published formula written as a slow loop."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from diagnostics.schedules import SHAPES, Schedule

torch = pytest.importorskip("torch")
schedulers = torch.optim.lr_scheduler

PEAK, TOTAL, WARMUP = 0.3, 120, 20
STEPS = np.arange(TOTAL + 1)


def rates(make: Callable[[Any], Any], warmup: int = 0) -> np.ndarray:
    """What torch sets over ``STEPS``; ``warmup`` steps of LinearLR come before the scheduler of ``make``."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler = make(optimizer)
    if warmup:
        rise = schedulers.LinearLR(optimizer, start_factor=1e-14, total_iters=warmup)
        scheduler = schedulers.SequentialLR(optimizer, [rise, scheduler], milestones=[warmup])
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR calls its children with the deprecated epoch argument
        for _ in STEPS:
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return np.array(seen)


TWINS = {
    "constant": lambda n: lambda o: schedulers.LambdaLR(o, lambda _: 1.0),
    "step": lambda n: lambda o: schedulers.StepLR(o, step_size=30, gamma=0.1),
    "cosine": lambda n: lambda o: schedulers.CosineAnnealingLR(o, T_max=n, eta_min=0.01),
    "linear": lambda n: lambda o: schedulers.LinearLR(o, 1.0, 0.01 / PEAK, total_iters=n),
}


@pytest.mark.parametrize("warmup", [0, WARMUP])
@pytest.mark.parametrize("kind", TWINS)
def test_equals_torch(kind: str, warmup: int) -> None:
    schedule = Schedule(kind, PEAK, TOTAL, warmup, final=0.01, drop_every=30)
    np.testing.assert_allclose(schedule.lr(STEPS), rates(TWINS[kind](TOTAL - warmup), warmup), rtol=0, atol=1e-9)


def test_inverse_sqrt_equals_the_paper() -> None:
    slow = [PEAK * min(s / WARMUP, math.sqrt(WARMUP / s) if s else 0) for s in STEPS]
    np.testing.assert_allclose(Schedule("inverse_sqrt", PEAK, TOTAL, WARMUP).lr(STEPS), slow, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", SHAPES)
def test_reaches_the_peak_and_never_exceeds_it(kind: str) -> None:
    lr = Schedule(kind, PEAK, TOTAL, WARMUP).lr(STEPS)
    assert lr[0] == 0 and lr[WARMUP] == pytest.approx(PEAK) and lr.max() <= PEAK * (1 + 1e-12)


@pytest.mark.parametrize("kind", SHAPES)
def test_without_warmup_the_first_update_uses_the_peak(kind: str) -> None:
    assert Schedule(kind, PEAK, TOTAL).lr(np.array([0]))[0] == PEAK


@pytest.mark.parametrize("kind", SHAPES)
def test_stays_where_it_ended(kind: str) -> None:
    schedule = Schedule(kind, PEAK, TOTAL, WARMUP, final=0.01)
    assert schedule.lr(np.array([TOTAL])) == schedule.lr(np.array([10 * TOTAL]))


def test_three_levels_unless_told() -> None:
    levels = Schedule("step", 1.0, 90).lr(np.arange(90))
    assert [int(n) for n in np.unique(levels, return_counts=True)[1]] == [30, 30, 30]


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "cubic"), ("peak", 0.0), ("peak", math.nan), ("final", -1.0), ("warmup_steps", 120), ("drop_every", 0)],
)
def test_says_which_field_is_out_of_range(field: str, value: Any) -> None:
    fields = {"kind": "cosine", "peak": PEAK, "total_steps": TOTAL} | {field: value}
    with pytest.raises(ValueError, match=field):
        Schedule(**fields)
