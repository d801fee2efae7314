"""The figures of a learning rate."""

import numpy as np
import pandas as pd
import pytest

from collector.schema import LR
from diagnostics.curve import Curve
from diagnostics.schedules import SHAPES, Schedule
from diagnostics.schedules.figures import EXACT, of_curve, of_schedule


@pytest.mark.parametrize("kind", SHAPES)
def test_of_a_schedule_are_those_of_its_steps(kind: str) -> None:
    schedule = Schedule(kind, 0.1, 1000, warmup_start=0.1)
    rates = pd.Series([schedule.lr(np.array([s]))[0] for s in range(1000)])
    seen = of_schedule(schedule, 123)
    assert (seen.steps, seen.largest, seen.last) == (1000, rates.max(), rates.iloc[-1])
    assert (seen.total, seen.at) == (pytest.approx(rates.sum()), rates[123])


@pytest.mark.parametrize("kind", SHAPES)
def test_of_a_very_long_one_are_close(kind: str) -> None:
    total = 3 * EXACT + 7
    schedule = Schedule(kind, 0.1, total, 0 if kind == "one_cycle" else 12_345, warmup_start=0.1)
    rates = schedule.lr(np.arange(total))
    seen = of_schedule(schedule, 5)
    assert (seen.total, seen.largest) == (pytest.approx(rates.sum(), rel=1e-5), pytest.approx(rates.max(), rel=1e-9))


@pytest.mark.parametrize("first", [0, 1])
def test_of_a_logged_rate_are_what_pandas_says(first: int) -> None:
    values = pd.Series(np.linspace(1, 0, 100))
    seen = of_curve(Curve(LR, np.arange(first, first + 100), values), first + 7)
    assert seen and (seen.largest, seen.last, seen.at) == (values.max(), values.iloc[-1], values[7])
    assert seen.total == pytest.approx(values.sum())


def test_a_value_logged_now_and_then_counts_for_its_steps() -> None:
    seen = of_curve(Curve(LR, [10, 20, 30], [1.0, np.nan, 2.0]), 5)
    assert seen and seen.total == pytest.approx(10 + 20 * 2) and np.isnan(seen.at)


def test_nothing_logged_is_nothing() -> None:
    assert of_curve(Curve(LR, [], []), 0) is None
