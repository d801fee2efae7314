"""Where the gradient points after ten steps: measured, and what the rules make of it."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import RUNNING, TRAIN_LOSS, UPDATE_ALIGNMENT
from diagnostics import Curve, diagnose, synthetic
from diagnostics.rules import decay_too_early
from diagnostics.stats.alignment import LEAST, alignment
from diagnostics.stats.short_steps import points_on
from diagnostics.stats.strides import strides

STEPS = np.arange(synthetic.STEPS)


def test_the_mean_its_error_and_its_second_half_are_measured_between_two_steps():
    steps = np.arange(10, 210, 10)
    values = np.r_[np.full(5, np.nan), np.full(5, 0.5), np.linspace(0.1, 0.3, 10)]
    run = synthetic.with_curves(synthetic.healthy(), Curve(UPDATE_ALIGNMENT, steps, values))
    seen = alignment(run, after=100)
    assert (seen.count, seen.first_step, seen.last_step) == (10, 110, 200)
    assert seen.gain == pytest.approx(0.2) and seen.late == pytest.approx(0.2556, abs=1e-3)
    assert seen.error == pytest.approx(np.linspace(0.1, 0.3, 10).std(ddof=1) / 10**0.5)
    assert alignment(run, until=60 + 10 * (LEAST - 2)) is None  # NaN is no measurement
    assert alignment(synthetic.healthy()) is None


def _pointing(cosine, loss, every=10, **more):
    points = cosine + 0.1 * np.sin(STEPS)
    run = synthetic.make(synthetic.noisy(loss, 0.02), loss + 0.01, lr=1e-3, update_alignment=points, **more)
    curve = run[UPDATE_ALIGNMENT]
    return synthetic.with_curves(run, Curve(UPDATE_ALIGNMENT, curve.steps[::every], curve.values[::every]))


FALLS = synthetic.falling(2.3, 0.4, pace=3.0)


def _asked(run):
    return points_on(run, run[TRAIN_LOSS].finite(), strides(run))


def test_a_way_that_leads_on_says_that_steps_were_short():
    assert _asked(_pointing(0.3, FALLS)) is not None
    assert diagnose(_pointing(0.3, FALLS)).verdict == "lr_too_low"


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(lambda: _pointing(0.1, FALLS), id="hardly"),
        pytest.param(lambda: _pointing(0.3, FALLS, every=100), id="too few measurements"),
        pytest.param(lambda: _pointing(np.where(STEPS < 500, 0.6, 0.0), FALLS), id="only at first"),
        pytest.param(lambda: _pointing(0.3, synthetic.falling(2.3, 0.4, pace=60.0)), id="no longer falling"),
        pytest.param(lambda: _pointing(0.3, synthetic.falling(2.3, 0.01, pace=8.0)), id="solved"),
        pytest.param(lambda: _pointing(0.3, FALLS, update_ratio=0.02), id="long updates"),
        pytest.param(lambda: _pointing(0.3, FALLS + np.where(STEPS % 300 == 250, 3.0, 0.0)), id="spikes"),
        pytest.param(lambda: replace(_pointing(0.3, FALLS), config={"width": 2}), id="two units"),
        pytest.param(lambda: synthetic.with_epochs(_pointing(0.3, FALLS), 1), id="full batch"),
        pytest.param(lambda: replace(_pointing(0.17, FALLS), state=RUNNING), id="not clearly, while it goes on"),
    ],
)
def test_a_way_that_leads_on_says_nothing_where(run):
    assert _asked(run()) is None


@pytest.mark.parametrize(("cosine", "found"), [(0.3, True), (0.0, False)])
def test_since_a_cut_that_came_too_early_the_way_leads_on(cosine, found):
    """The noise hides whether the loss was falling when the rate was cut."""
    loss = 1.0 + 1.3 * np.exp(-3 * np.where(STEPS <= 300, STEPS, 300 + 0.01 * (STEPS - 300)) / 300)
    points = np.where(STEPS < 300, 0.0, cosine) + 0.1 * np.sin(STEPS)
    rate = np.where(STEPS < 300, 0.1, 0.001)
    run = synthetic.make(synthetic.noisy(loss, 0.5), lr=rate, update_alignment=points)
    assert bool(list(decay_too_early.check(run))) is found


def test_a_solved_loss_leads_on_for_ever_and_no_cut_is_to_blame():
    loss, rate = synthetic.falling(2.3, 0.001, pace=60), np.where(STEPS <= 300, 0.1, 0.001)
    run = synthetic.make(loss, loss + 0.1, lr=rate, update_alignment=np.where(STEPS < 300, 0.9, 0.97) + 0 * STEPS)
    assert not list(decay_too_early.check(run))
