"""Training falls, and validation learns nothing."""

from dataclasses import replace

import pytest

from collector.schema import RUNNING
from diagnostics import diagnose, synthetic
from diagnostics.stats.carried_over import not_carried


def _run(val, last=2.1, **known):
    """Ten classes, whose training goes from 2.3 to ``last``."""
    train = synthetic.noisy(synthetic.falling(2.3, last, pace=2), 0.01)
    return synthetic.make(
        train, synthetic.noisy(val, 0.005, seed=1), **({"classes": 10, "loss": "cross_entropy"} | known)
    )


SHUFFLED = synthetic.falling(2.3, 2.35, pace=60)


@pytest.mark.parametrize("last", [2.1, 0.1])
def test_labels_that_do_not_belong_to_their_inputs_are_learned_by_heart(last):
    seen = not_carried(_run(SHUFFLED, last))
    assert seen is not None and seen.share < 0 and seen.last == pytest.approx(2.35, abs=0.01)
    report = diagnose(_run(SHUFFLED, last))
    assert report.verdict == "overfitting" and "no new example" in report.headline.message
    assert [r.parameter for r in report.headline.remedies] == ["evaluation", "labels"]


def test_a_loss_without_a_name_that_begins_at_a_guess_is_known_as_well():
    assert not_carried(_run(SHUFFLED, loss=None)) is not None
    assert not_carried(_run(SHUFFLED, loss=None, classes=None)) is None  # the network may have been trained before


def test_validation_that_learned_something_or_falls_in_another_unit_is_none():
    assert not_carried(_run(synthetic.falling(2.3, 2.2))) is None
    assert not_carried(_run(3 * synthetic.falling(2.3, 2.2))) is None


def test_few_evaluations_or_a_run_on_its_way_say_nothing():
    run = _run(SHUFFLED)
    few = synthetic.with_curves(run, run["val/loss"].between(1, 150))
    assert not_carried(few) is None
    assert not_carried(replace(run, state=RUNNING)) is None
