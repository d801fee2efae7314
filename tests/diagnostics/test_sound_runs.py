"""Sound runs that one sign or another once named a fault, as a review found them: each stays quiet."""

import numpy as np
import pytest

from diagnostics import Curve, Run, diagnose
from diagnostics.steady import QUIET

STEPS, EVALS, FROM_0 = np.arange(1, 1001), np.arange(25, 1001, 25), np.arange(0, 1001, 25)
TRAIN, VAL, VAL_ACC, TRAIN_ACC, LR = "train/loss", "val/loss", "val/accuracy", "train/accuracy", "optim/lr"
CTR = [0.4440, 0.4452, 0.4478, 0.4449, 0.4491, 0.4461, 0.4502, 0.4470, 0.4488, 0.4520, 0.4475, 0.4499]
TUNED = [0.310, 0.314, 0.311, 0.317, 0.312, 0.318, 0.313, 0.316, 0.312, 0.315]


def _run(*curves, **more):
    made = [Curve(tag, np.asarray(steps), np.asarray(values, float)) for tag, steps, values in curves]
    return Run("sound", {curve.tag: curve for curve in made}, **{"state": "finished", **more})


def _falls(first, last, pace, at=STEPS):
    return last + (first - last) * np.exp(-pace * at / 1000)


def _noise(seed, size):
    return np.random.default_rng(seed).standard_normal(size)


def _cosine(peak):
    return LR, STEPS, peak / 2 * (1 + np.cos(np.pi * STEPS / 1000))


def _click_through():
    epochs = np.arange(1, 13)
    return _run((TRAIN, epochs, 0.44 + 0.005 * np.exp(-epochs / 3)), (VAL, epochs, CTR))


def _fine_tuned():
    epochs = np.arange(10)
    falls = [0.300, 0.299, 0.298, 0.299, 0.297, 0.298, 0.297, 0.298, 0.297, 0.296]
    return _run((TRAIN, epochs, falls), (VAL, epochs, TUNED), (VAL_ACC, epochs, np.full(10, 0.9)))


def _twenty_examples():
    evals = np.arange(50, 1001, 50)
    val = _falls(2.3, 1.3, 4, evals) * (1 + 0.015 * _noise(2, 20))
    right = np.where(evals < 450, 0.30, 0.45)
    return _run((TRAIN, STEPS, _falls(2.3, 0.8, 4)), (VAL, evals, val), (VAL_ACC, evals, right), _cosine(2e-3))


def _log_likelihood():
    train = _falls(0, -0.9, 20) + 0.02 * _noise(1, 1000)
    val = _falls(0, -0.9, 20, EVALS) + 0.003 * _noise(2, 40)
    return _run((TRAIN, STEPS, train), (VAL, EVALS, val), (LR, STEPS, np.full(1000, 1e-3)))


def _full_batches(seen):
    epochs = np.arange(1, seen + 1)
    loss = 1.946 - 1.4 / (1 + np.exp(-(epochs - 75) / 14.0))
    noisy = loss * (1 + 0.004 * _noise(1, seen))
    return _run(
        (TRAIN, epochs, noisy), (VAL, epochs, loss * 0.95 + 0.1), epochs=Curve("epoch", epochs, epochs.astype(float))
    )


def _reward_model():
    right = _falls(0.5, 0.6, 4, FROM_0) + 0.004 * _noise(2, 41)
    val = _falls(0.693, 0.645, 4, FROM_0) + 0.001 * _noise(1, 41)
    return _run(
        (TRAIN, STEPS, _falls(0.693, 0.63, 4) * (1 + 0.1 * _noise(1, 1000))),
        (VAL, FROM_0, val),
        (VAL_ACC, FROM_0, right),
        _cosine(1e-5),
    )


def _summed(times):
    train = times * _falls(2.3, 0.3, 2) * (1 + 0.05 * _noise(1, 1000))
    return _run((TRAIN, STEPS, train), (VAL, EVALS, _falls(2.3, 0.35, 2, EVALS) * (1 + 0.01 * _noise(2, 40))))


def _autoencoder_with_an_accuracy():
    zero = np.zeros(40)
    return _run(
        (TRAIN, STEPS, _falls(44.0, 18.0, 20) * (1 + 0.01 * _noise(1, 1000))),
        (VAL, EVALS, _falls(44.0, 18.5, 20, EVALS)),
        (TRAIN_ACC, EVALS, zero),
        (VAL_ACC, EVALS, zero),
    )


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(_click_through, id="all is learned in the first epoch"),
        pytest.param(_fine_tuned, id="fine-tuned, and hardly better for it"),
        pytest.param(_twenty_examples, id="an accuracy of twenty examples"),
        pytest.param(_log_likelihood, id="a log-likelihood below 0"),
        pytest.param(lambda: _full_batches(80), id="full batches, coming off a plateau"),
        pytest.param(lambda: _full_batches(100), id="the same, half way"),
        pytest.param(_reward_model, id="a reward model that gets better slowly"),
        pytest.param(lambda: _summed(1), id="a mean that still falls"),
        pytest.param(lambda: _summed(128), id="a sum that still falls"),
        pytest.param(_autoencoder_with_an_accuracy, id="an accuracy of what is no classification"),
    ],
)
def test_stays_quiet(make):
    assert diagnose(make()).verdict in QUIET


def test_a_sum_that_still_falls_is_to_go_on():
    assert diagnose(_summed(128)).verdict == diagnose(_summed(1)).verdict == "keep_training"


@pytest.mark.parametrize("lr", [[np.nan] * 1000, []])
def test_a_rate_that_is_no_number_fails_no_rule(lr):
    val = _falls(2.3, 0.1, 40, EVALS) * (1 + 0.2 * np.random.default_rng(3).choice([-1.0, 1.0], 40))
    report = diagnose(_run((TRAIN, STEPS, _falls(2.3, 0.1, 40)), (VAL, EVALS, val), (LR, STEPS[: len(lr)], lr)))
    assert not [n for n in report.not_checked if "failed" in n.because]


def test_validation_without_a_number_fails_no_rule():
    nothing = np.full(40, np.nan)
    train = 0.7 + 0.01 * _noise(1, 1000)
    report = diagnose(_run((TRAIN, STEPS, train), (VAL, EVALS, nothing), (VAL_ACC, EVALS, np.full(40, 0.3))))
    assert not [n for n in report.not_checked if "failed" in n.because]


def _nothing_but_noise(spread, seed, val=()):
    """Batches that differ many-fold, as under a diffusion loss, and nothing else: the first is one of them."""
    return _run((TRAIN, STEPS, 0.1 * np.exp(spread * _noise(seed, 1000))), *val)


@pytest.mark.parametrize("spread", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(12))
def test_a_first_batch_that_happens_to_be_easy_is_no_start(spread, seed):
    val = (VAL, EVALS, 0.14 + 0.005 * _noise(100 + seed, 40))
    assert diagnose(_nothing_but_noise(spread, seed)).verdict in {*QUIET, "bad_initialization"}
    assert diagnose(_nothing_but_noise(spread, seed, [val])).verdict not in ("diverged", "lr_too_high")


def test_where_all_is_noise_the_report_says_so():
    assert "evaluate now and then" in diagnose(_nothing_but_noise(0.5, 1)).headline.message
