"""The loss of a guess, against the losses of PyTorch with equal scores."""

import pytest

from diagnostics import Run
from diagnostics.stats.guess import guess


@pytest.mark.parametrize("classes", [2, 10, 1000])
@pytest.mark.parametrize("name", ["CrossEntropyLoss", "MultiMarginLoss", "NLLLoss"])
def test_is_what_torch_says_of_equal_scores(name, classes):
    torch = pytest.importorskip("torch")
    scores = torch.zeros(8, classes, dtype=torch.float64)
    scores = scores.log_softmax(1) if name == "NLLLoss" else scores
    told = getattr(torch.nn, name)()(scores, torch.arange(8) % classes).item()
    assert guess(Run("r", {}, classes=classes, loss=name)) == pytest.approx(told)


def test_is_what_torch_says_of_a_binary_score_of_zero():
    torch = pytest.importorskip("torch")
    told = torch.nn.BCEWithLogitsLoss()(torch.zeros(8), torch.ones(8)).item()
    assert guess(Run("r", {}, classes=2, loss="BCEWithLogitsLoss")) == pytest.approx(told)


def test_the_hinge_of_the_course():
    scores = [0.0] * 10
    told = sum(max(0.0, s - scores[0] + 1) for s in scores[1:])
    assert guess(Run("r", {}, classes=10, loss="multiclass hinge")) == told


@pytest.mark.parametrize("loss, classes", [("mse", 10), (None, 10), ("cross_entropy", None), ("cross_entropy", 1)])
def test_is_unknown_without_classes_or_a_name(loss, classes):
    assert guess(Run("r", {}, classes=classes, loss=loss)) is None
