"""A prefix holds what was there by then, and nothing else."""

from dataclasses import replace

import numpy as np

from benchmarks.score.prefixes import (
    Detection,
    detection,
    flips,
    left_start,
    lowest_validation,
    points_between,
    share_at,
    shares_after,
    step_at,
    verdicts,
)
from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve


def full():
    """A run with everything a run can have, over steps 1 … 1,000."""
    run = synthetic.layered(synthetic.with_epochs(synthetic.healthy(), 100), [1.0, 2.0])
    lost = {TRAIN_LOSS: Curve(TRAIN_LOSS, np.array([500, 600]), np.array([1.0, 1.0]))}
    ranks = {1: {TRAIN_LOSS: run[TRAIN_LOSS]}}
    return replace(run, resumed_at=(500,), superseded=lost, ranks=ranks, exception="x", state="crashed")


def test_nothing_later_is_known():
    cut = full().until(550)
    assert max(int(c.steps[-1]) for c in (*cut.curves.values(), *cut.ranks[1].values(), cut.epochs)) <= 550
    assert cut.layers.step.max() <= 550 and cut.last_step == 550
    assert cut.superseded[TRAIN_LOSS].steps.tolist() == [500]
    assert (cut.state, cut.exception, cut.resumed_at) == ("running", None, (500,))


def test_a_resume_still_to_come_is_unknown():
    cut = full().until(499)
    assert cut.resumed_at == () and cut.superseded == {}


def test_a_curve_that_begins_later_is_not_there_yet():
    run = synthetic.with_curves(full(), Curve("val/late", np.array([800, 900]), np.array([1.0, 2.0])))
    assert "val/late" not in run.until(799) and len(run.until(800)["val/late"]) == 1


def test_nan_is_kept_and_the_whole_run_is_itself():
    run = synthetic.make(np.array([1.0, np.nan, 3.0]))
    assert np.isnan(run.until(2)[TRAIN_LOSS].values[1])
    assert run.until(3) is run


def test_shares_do_not_depend_on_where_the_steps_begin():
    run = synthetic.make(np.ones(101))
    later = replace(run, curves={t: Curve(t, c.steps + 7_000, c.values) for t, c in run.curves.items()})
    assert step_at(run, 0.5) == 51 and step_at(later, 0.5) == 7_051
    assert share_at(later, 7_051) == 0.5 and step_at(later, 1) == 7_101


def test_verdicts_are_those_of_the_prefixes():
    said = verdicts(synthetic.healthy(), (0.01, 1.0))
    assert said == [(0.01, "not_enough_data"), (1.0, "healthy")]


def test_when_the_truth_is_first_said_and_when_it_stays():
    said = list(zip((0.1, 0.2, 0.3, 0.4), "nana", strict=True))
    assert detection(said, "a") == Detection(0.2, 0.4, 3)
    assert detection(said, "n") == Detection(0.1, None, 3)
    assert detection(said, "z") == Detection(None, None, 3)
    assert detection([(0.1, "a"), (0.2, "a")], "a") == Detection(0.1, 0.1, 0)


def test_silence_at_the_start_is_no_flip():
    assert flips(["not_enough_data", "not_enough_data", "healthy"]) == 0
    assert flips(["not_enough_data", "healthy", "not_enough_data", "healthy"]) == 2
    assert flips([]) == 0


def test_the_true_minimum_of_validation():
    run = synthetic.make(np.ones(101))
    val = Curve(VAL_LOSS, np.array([1, 26, 51, 101]), np.array([3.0, 1.0, np.nan, 2.0]))
    assert lowest_validation(run) is None
    assert lowest_validation(synthetic.with_curves(run, val)) == 0.25
    assert shares_after(0.95)[-1] == 1.0 and shares_after(0.95)[0] == 0.95


def test_how_long_a_run_that_diverged_was_well():
    assert left_start(synthetic.make(np.array([2.0, 1.0, 1.95, 40.0, np.nan]))) == 0.25
    assert left_start(synthetic.make(np.array([2.0, 2.1, 40.0]))) == 0.0
    assert left_start(synthetic.make(np.full(3, np.nan))) == 0.0


def test_points_between_two_shares():
    run = synthetic.make(np.ones(101))
    assert points_between(run, TRAIN_LOSS, 0.5, 0.6) == 10
    assert points_between(run, TRAIN_LOSS, -1.0, 0.1) == 11
    assert points_between(run, VAL_LOSS, 0.0, 1.0) == 0
