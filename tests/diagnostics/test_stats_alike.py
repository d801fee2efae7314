"""One answer to every example, seen without the number of classes."""

import numpy as np
import pytest

from diagnostics import synthetic
from diagnostics.stats.alike import alike


def _ends(loss: float, right: np.ndarray, first: float = 2.4):
    """Both losses come down from ``first`` to ``loss`` at once; the accuracies are ``right`` in turn."""
    levels = synthetic.falling(first, loss, pace=300)
    accuracies = np.resize(np.repeat(right, 25), synthetic.STEPS)
    return synthetic.make(synthetic.noisy(levels, 0.01), levels, val_accuracy=accuracies, lr=0.1)


def _entropy(p: float) -> float:
    return float(-p * np.log(p) - (1 - p) * np.log(1 - p))


@pytest.mark.parametrize("p", [0.62, 0.75, 0.88])
def test_the_more_frequent_of_two_classes_costs_what_its_share_does(p):
    assert alike(_ends(_entropy(p), np.array([p]), first=_entropy(p)))
    assert not alike(_ends(0.85 * _entropy(p), np.array([p]), first=0.7))


def test_accuracies_around_a_guess_at_the_loss_of_a_guess():
    chance = np.array([0.08, 0.11, 0.1, 0.09])
    assert alike(_ends(np.log(10), chance, first=2.31))
    assert not alike(_ends(np.log(10), chance + 0.03, first=2.31))


def test_a_tenth_right_of_a_loss_that_fell_is_something_learned():
    assert not alike(_ends(1.6, np.array([0.15, 0.19, 0.2, 0.21]), first=2.31))
    assert not alike(_ends(0.1, np.array([0.9, 0.91]), first=2.31))


def test_an_accuracy_of_0_throughout_is_none_of_a_classification():
    assert not alike(_ends(18.0, np.array([0.0]), first=44.0))
