"""How far single updates carry the weights."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import Shape
from diagnostics import synthetic
from diagnostics.stats.strides import gentle, strides, warming

LOSS = synthetic.falling()


def _run(ratio, lr=0.1):
    return synthetic.make(LOSS, lr=lr, update_ratio=ratio)


def test_first_tenth_and_rest_are_told_apart():
    seen = strides(_run(np.r_[3.0, np.full(99, 0.3), np.full(900, 0.02)]))
    assert seen is not None
    assert (seen.longest, seen.fullest, seen.typical) == pytest.approx((3.0, 0.3, 0.02))
    assert seen.at == seen.first_step


def test_steps_at_a_low_rate_say_nothing():
    rate = 0.1 * (1 + np.cos(np.linspace(0, np.pi, 1000)))
    seen = strides(_run(0.01 * rate, rate))
    assert seen is not None
    assert seen.typical > 0.0013 > 0.01 * np.median(rate)
    assert seen.last_step < 700


def test_the_longest_tenth_may_come_late_and_is_no_single_outlier():
    ratio = np.full(1000, 1e-4)
    ratio[850:] = 2e-3
    ratio[100] = 1.0
    seen = strides(_run(ratio))
    assert seen is not None and seen.fullest == pytest.approx(2e-3)


@pytest.mark.parametrize("thinned", [1, 2, 25])
def test_a_rate_that_still_comes_up(thinned):
    rate = np.minimum(np.arange(1, 1001), 500) / 500
    for tagged in (_run(rate / 100, rate), _run(rate / 100, None)):
        curves = {tag: c.where(np.arange(len(c)) % thinned == 0) for tag, c in tagged.curves.items()}
        run = replace(tagged, curves=curves)
        assert warming(run.until(450))
        assert not warming(run.until(900)) and not warming(run)


def test_a_decay_is_no_warmup():
    assert not warming(_run(0.01, np.linspace(0.1, 0, 1000))) and not warming(synthetic.make(LOSS))


def test_too_few_measurements_say_nothing():
    assert strides(synthetic.make(LOSS)) is None
    assert strides(_run(np.r_[np.full(4, 0.1), np.full(996, np.nan)])) is None


@pytest.mark.parametrize("ratio, is_gentle", [(1e-4, True), (np.r_[0.01, np.full(999, 1e-4)], False), (None, False)])
def test_gentle(ratio, is_gentle):
    assert gentle(_run(ratio)) == is_gentle


@pytest.mark.parametrize("inputs, is_gentle", [(48, True), (4096, False)])
def test_an_update_counts_more_where_many_inputs_are_summed(inputs, is_gentle):
    shapes = {"1.weight": Shape("Linear", (64, inputs)), "2.weight": Shape("Linear", (10, 2))}
    assert gentle(replace(_run(0.015), shapes=shapes)) == is_gentle
