"""Runs of the lab with few training losses: what is left of them, and that most verdicts stay."""

import pytest

from benchmarks.hardly_logged import Left, thinned
from benchmarks.lab import shelf
from collector.schema import GRAD_NORM, TRAIN_LOSS, VAL_LOSS
from diagnostics import diagnose


def test_what_is_left_is_a_plain_log_with_so_many_losses():
    run = next(each.run for each in shelf.load("tuning") if GRAD_NORM in each.run and VAL_LOSS in each.run)
    for losses in (1, 4):
        left = thinned(run, Left(losses))
        assert len(left[TRAIN_LOSS]) == losses and left[TRAIN_LOSS].steps[-1] == run[TRAIN_LOSS].steps[-1]
        assert GRAD_NORM not in left and left.layers is None and left[VAL_LOSS] is run[VAL_LOSS]
    assert len(thinned(run, Left())[TRAIN_LOSS]) == len(run[TRAIN_LOSS])


def test_means_are_those_of_equal_parts():
    run = next(each.run for each in shelf.load("tuning") if each.truth == "healthy")
    left = thinned(run, Left(8, 4, means=True))
    assert left.means == {TRAIN_LOSS} and len(left[TRAIN_LOSS]) == 8 and len(left[VAL_LOSS]) == 4
    assert left[TRAIN_LOSS].values.mean() == pytest.approx(run[TRAIN_LOSS].values.mean(), rel=0.05)


def test_overfitting_is_named_by_validation_and_one_training_loss():
    by_heart = [r.run for r in shelf.load("tuning") if r.truth == "overfitting" and len(r.run[VAL_LOSS]) >= 20]
    right = [diagnose(thinned(run, Left(1))).verdict == "overfitting" for run in by_heart]
    assert len(right) > 10 and sum(right) >= 0.9 * len(right)
