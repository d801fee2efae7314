"""What an ended run showed before its end."""

from dataclasses import replace

import numpy as np

from diagnostics import rules, synthetic
from diagnostics.run import Run
from diagnostics.stats.earlier import EARLIER, earlier


def plateau(rest: float, last: float, **config) -> Run:
    """Down to half of the start, at rest until ``rest`` of the run, and at ``last`` of the start by its end."""
    steps = round(rest * synthetic.STEPS)
    down = synthetic.falling(2.3, 1.15, pace=60, steps=steps)
    level = np.r_[down, np.linspace(1.15, last * 2.3, synthetic.STEPS - steps)]
    run = synthetic.make(synthetic.noisy(level, 0.02), synthetic.noisy(level, 0.002, seed=1), classes=10)
    return synthetic.with_config(run, **config)


def cut(spent: float) -> Run:
    """A power law at a rate that is cut to a hundredth at a fiftieth of the run, and to nothing at ``spent``, from where on validation rises a little."""
    t = np.arange(1, synthetic.STEPS + 1)
    rate = np.where(t <= 20, 0.1, np.where(t <= spent * synthetic.STEPS, 1e-3, 1e-9))
    loss = 2.3 * (1 + np.cumsum(rate)) ** -0.8
    val = synthetic.noisy(loss + 3e-4 * np.maximum(t - spent * synthetic.STEPS, 0), 0.0002, seed=1)
    return synthetic.make(synthetic.noisy(loss, 0.5), val, lr=rate)


def test_it_is_the_run_as_it_stood_the_latest_first():
    run = synthetic.healthy()
    seen = [then.last_step / run.last_step for then in earlier(run)]
    np.testing.assert_allclose(seen, EARLIER, atol=0.01)
    assert not list(earlier(replace(run, state="running")))


def test_a_narrow_network_that_rested_for_long_is_held_back_whatever_the_end_brings():
    rule = rules.get("underfitting")
    (found,) = rule.check(plateau(0.9, 0.4, width=2))
    assert found.message.startswith("At step") and "They end at 1.03" in found.message
    assert not list(rule.check(plateau(0.9, 0.4)))  # no setting accounts for it
    assert not list(rule.check(plateau(0.35, 0.1, width=2)))  # it went on for most of the run
    assert not list(rule.check(plateau(0.75, 0.01, width=2)))  # what followed solved the task
    assert not list(rule.check(plateau(0.75, 0.2, dropout=0.6)))  # or halved what was left


def test_a_cut_that_was_too_early_is_told_also_where_no_rate_is_left_to_show_it():
    rule = rules.get("decay_too_early")
    (found,) = rule.check(cut(0.7))
    assert "how it stood at step" in found.message
    assert found.remedies[0].value > 600  # of the whole run
    assert not list(rule.check(cut(0.2)))  # nothing was ever seen to creep


def test_validation_that_stands_still_for_lack_of_a_rate_is_not_dead():
    rule = rules.get("diverged")
    loss = synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02)
    val = np.r_[2.4, np.full(synthetic.STEPS - 1, np.float32(2.3))].astype(float)
    t = np.linspace(0, 1, synthetic.STEPS)
    assert list(rule.check(synthetic.make(loss, val, lr=5.0)))
    assert not list(
        rule.check(
            synthetic.make(loss, np.r_[val[:1] + np.arange(700, 0, -1) * 1e-6, val[700:]], lr=5.0 * np.exp(-12 * t))
        )
    )
    assert list(rule.check(synthetic.make(loss, val, lr=np.where(t < 0.45, 5.0, 0.05))))  # dead before the cut


def test_a_rate_that_was_nothing_from_the_first_steps_on_is_told_whatever_shows():
    (found,) = rules.get("decay_too_early").check(cut(0.1))
    assert "from step 100 on" in found.message and "after every batch?" in found.message
