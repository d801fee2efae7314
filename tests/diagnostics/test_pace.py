import numpy as np
import pytest

from collector.schema import EPOCH, FINISHED, RUNNING, TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.pace import pace, total_steps
from diagnostics.run import Run


def run(rows=1000, *, seconds=0.5, passes=None, state=RUNNING, resumed_at=(), times=None, **config) -> Run:
    at = np.arange(1, rows + 1)
    times = 1e9 + seconds * at if times is None else times
    known = None if passes is None else Curve(EPOCH, at, np.asarray(passes(at), float), times)
    curves = {TRAIN_LOSS: Curve(TRAIN_LOSS, at, 1 / at, times)}
    return Run("run", curves, known, config=config, state=state, resumed_at=resumed_at)


def test_steps_a_second_and_time_left():
    found = pace(run(1000, seconds=0.5, max_steps=4000))
    assert found.started == 1e9 + 0.5 and found.steps_per_second == pytest.approx(2.0)
    assert found.done == 0.25 and found.seconds_left == pytest.approx(1500)


def test_the_pace_is_that_of_the_last_rows():
    times = 1e9 + np.concatenate([np.arange(900) * 5.0, 900 * 5.0 + np.arange(100)])
    assert pace(run(1000, times=times)).steps_per_second == pytest.approx(1.0)


def test_time_left_counts_the_evaluations_between():
    times = 1e9 + np.cumsum(np.where(np.arange(2000) % 500 == 0, 100.0, 0.1))
    found = pace(run(1999, times=times[:1999], max_steps=4000))
    assert found.steps_per_second == pytest.approx(10) and found.seconds_left > 1.5 * 2000 * 0.1


def test_the_time_a_run_did_not_run_is_no_part_of_its_pace():
    times = 1e9 + np.arange(1000) + np.where(np.arange(1000) >= 950, 1e6, 0.0)
    assert pace(run(1000, times=times, resumed_at=(951,))).steps_per_second == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("config", "passes", "total"),
    [
        ({"max_steps": 4000}, None, 4000),
        ({"max_steps": -1, "num_train_epochs": 3}, lambda at: at / 400, 1200),
        ({"max_train_steps": 500.0}, None, 500),
        ({"epochs": 10}, lambda at: (at - 1) // 100, 1000),
        ({"epochs": 10}, lambda at: 1 + (at - 1) // 100, 1000),
        ({"epochs": 10}, None, None),
        ({"epochs": 10}, lambda at: 0 * at, None),
        ({"steps": 7}, None, None),
        ({"max_steps": "auto"}, None, None),
        ({}, None, None),
    ],
)
def test_the_total_is_what_the_settings_say(config, passes, total):
    assert total_steps(run(passes=passes, **config)) == (None if total is None else pytest.approx(total))


def test_nothing_is_left_of_a_run_that_ended_or_went_further():
    assert pace(run(1000, max_steps=4000, state=FINISHED)).seconds_left is None
    assert pace(run(1000, max_steps=1000)).seconds_left == 0
    assert pace(run(1000, max_steps=200)) == pace(run(1000))  # a total of something else


def test_a_log_without_times_or_rows_says_nothing():
    times = np.full(10, np.nan)
    assert pace(run(10, times=times, max_steps=100)).seconds_left is None
    assert pace(run(10, times=times)).steps_per_second is None
    assert pace(run(1, max_steps=100)).steps_per_second is None
    assert pace(Run("empty", {})).started is None
