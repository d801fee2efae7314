"""How long the first update is beside sound ones."""

import numpy as np
import pytest

from diagnostics import diagnose, synthetic
from diagnostics.stats.first_update import first_update, rate_beside_usual
from diagnostics.stats.rates import optimizer
from diagnostics.stats.strides import stretch

LOSS = synthetic.falling()


def _run(ratio, lr=0.1, **settings):
    return synthetic.with_config(synthetic.make(LOSS, LOSS, lr=lr, update_ratio=ratio), **settings)


def test_it_is_counted_in_sound_ones_of_the_same_optimizer():
    ratio = np.r_[0.3, np.full(999, 0.01)]
    assert first_update(_run(ratio, optimizer="Adam")) == pytest.approx(10)
    assert first_update(_run(ratio, optimizer="RMSprop")) == pytest.approx(3)
    assert first_update(_run(ratio, optimizer="Sophia")) is None
    assert first_update(_run(ratio)) is None


def test_a_warmup_makes_it_short_and_is_taken_into_account():
    rate = np.minimum(np.arange(1, 1001) / 100, 1.0)
    assert first_update(_run(0.3 * rate, rate, optimizer="adam")) == pytest.approx(10)


def test_what_was_measured_later_was_not_the_first():
    late = np.where(np.arange(1000) < 100, np.nan, 0.3)
    assert first_update(_run(late, optimizer="adam")) is None


def test_the_length_of_a_gradient_is_no_measure_of_the_rate():
    assert rate_beside_usual(_run(0.2, optimizer="SGD")) is None
    assert rate_beside_usual(_run(0.3, optimizer="AdamW")) == pytest.approx(15)


def test_momentum_is_a_setting_of_sgd():
    assert optimizer(_run(0.1, optimizer="SGD")) == "sgd"
    assert optimizer(_run(0.1, optimizer="SGD", momentum=0.9)) == "momentum"
    assert optimizer(_run(0.1, optimizer="SGD", momentum=0.9, nesterov=True)) == "nesterov"
    assert stretch(_run(0.1, optimizer="Adagrad")) > stretch(_run(0.1, optimizer="Adam")) == stretch(_run(0.1)) == 1


def test_a_rate_far_off_comes_back_by_as_much_as_the_first_update_was_off():
    thrown = synthetic.make(
        np.r_[2.3, np.full(999, 40.0)] + np.linspace(0, 1, 1000), np.full(1000, 40.0), lr=1.0, update_ratio=6.0
    )
    report = diagnose(synthetic.with_config(thrown, optimizer="Adam"))
    assert report.verdict == "diverged"
    assert report.headline.remedies[0].factor == pytest.approx(0.005)
    assert "200 times as long" in report.headline.remedies[0].because
    slow = synthetic.falling(2.3, 0.2, pace=1.0)
    crawling = synthetic.make(synthetic.noisy(slow, 0.02), slow + 0.01, lr=1e-5, update_ratio=3e-4)
    report = diagnose(synthetic.with_config(crawling, optimizer="Adam"))
    assert report.verdict == "lr_too_low"
    assert report.headline.remedies[0].factor == pytest.approx(50)
