"""A training loss that a new term or task lifts, while validation shows that nothing was lost."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import RUNNING
from diagnostics import diagnose, synthetic
from diagnostics.stats.kept import kept, knows

LEARNED = synthetic.falling(2.3, 0.3, pace=30)
RAMPED = synthetic.noisy(LEARNED + np.linspace(0, 1.0, 1000), 0.03)  # a penalty comes in over the run
VAL = synthetic.noisy(LEARNED, 0.002, seed=1)
RIGHT = 1 - synthetic.falling(0.9, 0.05, pace=30)
STEP = 100  # about where training is lowest


def run(train=RAMPED, **curves):
    return synthetic.make(train, lr=1e-3, **curves)


@pytest.mark.parametrize("curves", [{"val": VAL}, {"val_accuracy": RIGHT}, {"val": 3 * VAL, "val_accuracy": RIGHT}])
def test_what_validation_still_knows_was_not_thrown_out(curves):
    assert kept(run(**curves), STEP)
    assert diagnose(run(**curves)).verdict not in ("lr_too_high", "diverged")
    for share in (0.3, 0.5, 0.8):
        so_far = replace(run(**curves).until(round(1000 * share)), state=RUNNING)
        assert diagnose(so_far).verdict not in ("lr_too_high", "diverged")


def test_where_validation_rises_as_well_or_nobody_looked_it_was():
    rises = np.r_[LEARNED[:STEP], np.linspace(LEARNED[STEP], 1.3, 900)]
    falls = np.r_[RIGHT[:STEP], np.linspace(RIGHT[STEP], 0.5, 900)]
    for curves in ({"val": rises}, {"val_accuracy": falls}, {}):
        assert not kept(run(**curves), STEP)
        assert diagnose(run(**curves)).verdict == "lr_too_high"


def test_a_log_of_training_alone_asks_whether_the_objective_changed():
    assert "term or a task" in diagnose(run()).headline.message
    assert "term or a task" not in diagnose(run(val=np.r_[LEARNED[:STEP], np.linspace(0.4, 1.3, 900)])).headline.message


def test_a_second_task_that_is_being_learned_is_no_rate_too_high():
    switched = np.r_[synthetic.falling(2.3, 0.2, pace=8, steps=500), synthetic.falling(2.0, 0.3, pace=4, steps=500)]
    assert diagnose(run(synthetic.noisy(switched, 0.03))).verdict == "keep_training"


@pytest.mark.parametrize("jitter, is_known", [(0.005, True), (0.3, False)])
def test_a_loss_above_its_start_is_no_divergence_where_accuracy_holds(jitter, is_known):
    heavy = run(
        synthetic.noisy(np.r_[synthetic.falling(2.3, 0.3, pace=8, steps=300), np.linspace(0.3, 5.0, 700)], 0.02)
    )
    accuracy = RIGHT[::25] + jitter * np.random.default_rng(0).standard_normal(40)
    seen = synthetic.make(heavy["train/loss"].values, lr=1e-3, val_accuracy=np.repeat(accuracy, 25))
    assert diagnose(heavy).verdict == "diverged"
    assert knows(seen, 300) is is_known
    assert (diagnose(seen).verdict != "diverged") is is_known
