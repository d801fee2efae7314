"""A training loss that is gone."""

from dataclasses import replace

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import diagnose, synthetic
from diagnostics.curve import Curve
from diagnostics.stats.lost import not_finite, vanished, zeroed

LOSS = synthetic.noisy(synthetic.falling(last=0.5))


def _cut(value, at):
    values = LOSS.copy()
    values[at:] = value
    return Curve(TRAIN_LOSS, np.arange(1, len(values) + 1), values)


def test_not_a_number_from_some_step_on():
    seen = not_finite(_cut(np.nan, 400))
    assert seen is not None
    assert (seen.first_step, seen.last_step, seen.count, seen.step) == (401, 1000, 600, 400)
    assert seen.before == LOSS[399]


def test_never_a_number():
    seen = not_finite(_cut(np.inf, 0))
    assert seen is not None and seen.before is None and seen.count == 1000


def test_zeros_in_the_place_of_nan():
    seen = zeroed(_cut(0.0, 700))
    assert seen is not None and (seen.first_step, seen.count) == (701, 300)
    assert zeroed(_cut(0.0, 997)) is None  # three zeros may be luck
    assert zeroed(_cut(np.nan, 0)) is None


def test_a_loss_that_is_solved_exactly_has_a_validation_loss():
    def val(last):
        return Curve(VAL_LOSS, np.array([100, 500, 900]), np.array([0.8, 0.6, last]))

    assert zeroed(_cut(0.0, 700), val(0.5)) is None
    assert zeroed(_cut(0.0, 700), val(0.0)) is not None and zeroed(_cut(0.0, 700), val(np.nan)) is not None


def test_a_log_that_goes_on_without_the_loss():
    run = synthetic.make(LOSS, lr=0.1)
    short = synthetic.with_curves(run, run[TRAIN_LOSS].where(run[TRAIN_LOSS].steps <= 600))
    seen = vanished(short)
    assert seen is not None and (seen.first_step, seen.last_step, seen.count) == (600, 1000, 400)
    assert vanished(run) is None


def test_a_whole_loss_is_not_lost():
    whole = Curve(TRAIN_LOSS, np.arange(1, len(LOSS) + 1), LOSS)
    assert not_finite(whole) is None and zeroed(whole) is None


def test_one_training_loss_beside_evaluations_that_go_on_is_rare_and_not_lost():
    """The Trainer of Hugging Face logs it every 500 steps, and may evaluate every 20."""
    run = synthetic.make(LOSS, synthetic.falling(last=0.6))
    first = run[TRAIN_LOSS].where(run[TRAIN_LOSS].steps == 500)
    logged = replace(synthetic.with_curves(run, first), state=RUNNING)
    assert vanished(logged) is None
    for step in range(20, 1001, 20):
        assert diagnose(logged.until(step)).verdict in ("not_enough_data", "keep_training"), step
    gone = synthetic.with_curves(
        logged, Curve(VAL_LOSS, run[VAL_LOSS].steps, np.where(run[VAL_LOSS].steps > 500, np.nan, 1.0))
    )
    assert vanished(gone) is not None
