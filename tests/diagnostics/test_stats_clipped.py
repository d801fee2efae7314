"""Gradients that were all cut to one norm."""

import numpy as np
import pytest

from collector.schema import GRAD_NORM
from diagnostics import Curve, diagnose, synthetic
from diagnostics.stats.clipped import clipped_to


def _run(norms, **config):
    """On its way down by updates of a ten-thousandth of the weights."""
    loss = synthetic.falling(2.3, 0.2, pace=1.0)
    run = synthetic.make(synthetic.noisy(loss, 0.02), synthetic.noisy(loss, 0.02, seed=1), lr=0.05, update_ratio=1e-4)
    steps = np.arange(1, synthetic.STEPS + 1, 20)
    return synthetic.with_config(synthetic.with_curves(run, Curve(GRAD_NORM, steps, norms)), **config)


ALL = np.full(50, 1e-3)
SOME = np.where(np.arange(50) % 3, 1e-3, 5e-4)


@pytest.mark.parametrize("norms, said", [(ALL, 1e-3), (SOME, None), (np.geomspace(1e-3, 2e-3, 50), None)])
def test_nearly_all_of_them_are_alike(norms, said):
    assert clipped_to(_run(norms)) == said


@pytest.mark.parametrize(
    "norms, optimizer, first",
    [(ALL, "SGD", "max_grad_norm"), (ALL, "Adam", "lr"), (SOME, "SGD", "lr"), (500 * ALL, "SGD", "lr")],
)
def test_a_clip_that_makes_the_steps_short_is_lifted_before_the_rate(norms, optimizer, first):
    report = diagnose(_run(norms, optimizer=optimizer))
    assert report.verdict == "lr_too_low" and report.headline.remedies[0].parameter == first
