"""Every shape equals torch's own scheduler, or the published formula written as a slow loop."""

import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

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
    schedule = Schedule(kind, PEAK, TOTAL, warmup, final=0.01, every=30)
    assert_allclose(schedule.lr(STEPS), rates(TWINS[kind](TOTAL - warmup), warmup), rtol=0, atol=1e-9)


def test_inverse_sqrt_equals_the_paper() -> None:
    slow = [PEAK * min(s / WARMUP, math.sqrt(WARMUP / s) if s else 0) for s in STEPS]
    assert_allclose(Schedule("inverse_sqrt", PEAK, TOTAL, WARMUP).lr(STEPS), slow, rtol=0, atol=1e-12)


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_polynomial_equals_the_formula(power: float) -> None:
    slow = [0.01 + (PEAK - 0.01) * (1 - s / TOTAL) ** power for s in STEPS]
    assert_close(Schedule("polynomial", PEAK, TOTAL, final=0.01, power=power), slow)


def test_exponential_equals_the_formula() -> None:
    assert_close(Schedule("exponential", PEAK, TOTAL, every=10, factor=0.5), [PEAK * 0.5 ** (s / 10) for s in STEPS])


def test_milestones_count_from_the_start_of_training() -> None:
    lr = Schedule("multi_step", 1.0, TOTAL, WARMUP, milestones=(60, 90)).lr(STEPS)
    assert [lr[s] for s in (59, 60, 89, 90)] == pytest.approx([1, 0.1, 0.1, 0.01])


def test_a_stable_phase_and_a_decay() -> None:
    slow = [min(s / WARMUP, 1, 0.2 + 0.8 * (TOTAL - s) / 30) * PEAK for s in STEPS]
    assert_close(Schedule("warmup_stable_decay", PEAK, TOTAL, WARMUP, final=0.2 * PEAK, decay_steps=30), slow)


def test_restarts_grow_as_in_sgdr() -> None:
    slow, begun, length = [], 0, 10
    for s in STEPS:
        begun, length = (begun + length, 2 * length) if s == begun + length else (begun, length)
        slow.append(PEAK * (1 + math.cos(math.pi * (s - begun) / length)) / 2)
    assert_close(Schedule("cosine_restarts", PEAK, TOTAL, period=10, growth=2), slow)


def test_a_constant_warmup_is_low_and_then_jumps() -> None:
    lr = Schedule("constant", PEAK, TOTAL, WARMUP, "constant", 0.1).lr(STEPS)
    assert set(lr[:WARMUP]) == {PEAK * 0.1} and set(lr[WARMUP:]) == {PEAK}


def test_a_gradual_warmup_begins_where_told() -> None:
    lr = Schedule("cosine", PEAK, TOTAL, WARMUP, warmup_start=0.25).lr(STEPS)
    assert_allclose(lr[: WARMUP + 1], np.linspace(PEAK / 4, PEAK, WARMUP + 1))


def assert_close(schedule: Schedule, slow: list[float]) -> None:
    assert_allclose(schedule.lr(STEPS), slow, rtol=0, atol=1e-12)


WARMED = [kind for kind in SHAPES if kind != "one_cycle"]


@pytest.mark.parametrize("kind", WARMED)
def test_reaches_the_peak_and_never_exceeds_it(kind: str) -> None:
    lr = Schedule(kind, PEAK, TOTAL, WARMUP).lr(STEPS)
    assert lr[0] == 0 and lr[WARMUP] == pytest.approx(PEAK) and lr.max() <= PEAK * (1 + 1e-12)


def test_one_cycle_starts_low_peaks_once_and_ends_at_its_final() -> None:
    lr = Schedule("one_cycle", PEAK, TOTAL, warmup_start=0.04, rise=0.25, final=1e-5).lr(STEPS)
    assert (lr[0], lr.max(), lr[TOTAL - 1]) == pytest.approx((0.04 * PEAK, PEAK, 1e-5))
    assert int(lr.argmax()) == 0.25 * TOTAL - 1 and lr[TOTAL] == lr[TOTAL - 1]


@pytest.mark.parametrize("kind", WARMED)
def test_without_warmup_the_first_update_uses_the_peak(kind: str) -> None:
    assert Schedule(kind, PEAK, TOTAL).lr(np.array([0]))[0] == PEAK


@pytest.mark.parametrize("kind", WARMED)
def test_stays_where_it_ended(kind: str) -> None:
    schedule = Schedule(kind, PEAK, TOTAL, WARMUP, final=0.01)
    assert schedule.lr(np.array([TOTAL])) == schedule.lr(np.array([10 * TOTAL]))


@pytest.mark.parametrize("kind", ["cosine", "linear", "polynomial", "one_cycle", "warmup_stable_decay"])
def test_ends_at_its_final_exactly(kind: str) -> None:
    for final in (0.0, 0.01):
        assert Schedule(kind, PEAK, TOTAL, warmup_start=0.1, final=final).lr(np.array([TOTAL]))[0] == final


def test_three_levels_unless_told() -> None:
    levels = Schedule("step", 1.0, 90).lr(np.arange(90))
    assert [int(n) for n in np.unique(levels, return_counts=True)[1]] == [30, 30, 30]


@pytest.mark.parametrize("kind", SHAPES)
def test_every_shape_has_a_formula_and_a_source(kind: str) -> None:
    assert re.match("η (=|climbs) ", SHAPES[kind].rate.__doc__ or "")
    assert re.search(r"[A-Z]\w+ .*(19|20)\d\d", SHAPES[kind].rate.__doc__ or "")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "cubic"}, "no shape 'cubic'"),
        ({"peak": 0.0}, "peak, 0"),
        ({"peak": math.nan}, "peak, nan"),
        ({"total_steps": 0}, "at least one step"),
        ({"warmup_steps": 120}, "warm-up of 120 steps must be shorter than the training of 120"),
        ({"warmup_steps": -1}, "warm-up of -1"),
        ({"warmup": "slow"}, "no warm-up 'slow'"),
        ({"warmup_steps": 10, "warmup": "constant"}, "learns nothing"),
        ({"warmup_start": 2.0}, "share of the peak"),
        ({"final": -1.0}, "final rate, -1"),
        ({"final": PEAK}, "below the peak"),
        ({"kind": "step", "every": -1}, "every -1"),
        ({"kind": "step", "factor": 1.0}, "factor of a drop"),
        ({"kind": "multi_step", "warmup_steps": 50, "milestones": (40,)}, "step 40 lies within the warm-up"),
        ({"kind": "multi_step", "milestones": (60, 40)}, "must ascend"),
        ({"kind": "cosine_restarts", "period": 200}, "first cosine of 200 steps does not fit"),
        ({"kind": "cosine_restarts", "growth": 0}, "at least as long"),
        ({"kind": "polynomial", "power": 0.0}, "power, 0"),
        ({"kind": "inverse_sqrt", "timescale": -1}, "timescale, -1"),
        ({"kind": "one_cycle", "warmup_start": 0.1, "rise": 1.0}, "rise, 1"),
        ({"kind": "one_cycle"}, "starts above 0"),
        ({"kind": "one_cycle", "warmup_start": 0.1, "warmup_steps": 5}, "leave the warm-up out"),
        ({"kind": "warmup_stable_decay", "decay_steps": 121}, "decay of 121 steps does not fit"),
    ],
)
def test_says_in_one_line_what_does_not_fit(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        Schedule(**{"kind": "cosine", "peak": PEAK, "total_steps": TOTAL} | fields)
    assert "\n" not in str(error.value)


def test_what_a_shape_does_not_use_is_not_looked_at() -> None:
    assert Schedule("constant", PEAK, TOTAL, final=1.0, every=-1, milestones=(5, 1), decay_steps=999).lr(STEPS).any()


def test_a_warm_up_beyond_the_usual_drops_leaves_one_after_it():
    assert Schedule("multi_step", 1.0, total_steps=8, warmup_steps=5).milestones == (6,)
