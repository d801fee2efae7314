"""Whether a classifier ends by giving every example the same answer, whatever it is shown."""

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics.curve import Floats
from diagnostics.run import Run
from diagnostics.stats.accuracy import LUCK
from diagnostics.stats.guess import guess
from diagnostics.stats.level import end, start
from diagnostics.stats.relapse import RISING, rising

NEAR = 0.97  # of the loss of the best constant answer: what a network has learned soon takes more off it
TRAINED = 0.9  # the same of training, whose classes are not as frequent to the last per cent
MOST = 0.9  # fraction right: a class more frequent than that makes a constant answer good
ROUNDED = 1e-3  # what rounded shares may sum to beyond 1
MANY = 10  # evaluations, where the classes are not known: so many that agree are no chance
MOST_COMPARED = 500  # accuracies, each with each
LEAST = 5  # evaluations after the first


def alike(run: Run) -> bool:
    """Whether training and validation end at what a constant answer costs, uniform or by how frequent the classes are."""
    if not run.classes:
        return _one_answer(run)
    uniform, ends = guess(run), _ends(run)
    if uniform is None or len(ends) < 2:
        return False
    train, val = ends
    best = _constant(run, uniform)
    return (_at(train, uniform, NEAR) and _at(val, uniform, NEAR)) or (
        best is not None and _at(train, best, TRAINED) and _at(val, best, NEAR)
    )


def _ends(run: Run) -> list[float]:
    """Where training and validation end, those of them that there are."""
    return [end(run[tag]) for tag in (TRAIN_LOSS, VAL_LOSS) if tag in run and len(run[tag].finite())]


def _one_answer(run: Run) -> bool:
    """The same where nobody said among how many classes: by accuracies that are shares of classes, and what a constant answer that is right as often costs."""
    right, ends = _shares(run), _ends(run)
    if not right.size:
        return False
    top, different = float(right.max()), np.unique(right)
    few = right.size >= MANY and different.size <= 2 and different.sum() <= 1 + ROUNDED
    usual = float(np.median(right[len(right) // 2 :]))
    learns = rising(right[:: 1 + len(right) // MOST_COMPARED]) > RISING
    if usual <= LUCK / 2 and not learns and len(ends) == 2 and _uniform(run, usual, max(ends)):
        return True
    return few and (top <= LUCK / 2 or (top <= MOST and len(ends) == 2 and _of_two(ends, top)))


def _shares(run: Run) -> Floats:
    """The validation accuracies after the first, where there are LEAST of them; 0 throughout is that of no classification."""
    seen = run.get(VAL_ACCURACY)
    right = seen.finite().values[1:] if seen is not None and len(seen.finite()) > LEAST else np.empty(0)
    return right if right.any() else np.empty(0)


def _uniform(run: Run, right: float, loss: float) -> bool:
    """Whether ``right``, the median of the second half, times e^``loss`` is that of a guess, and validation is where it began.

    e^−loss is at most the mean probability of the truth (Jensen's inequality), and that is at most the share of right answers where the probabilities are
    honest: the two are equal for a guess among equals, and for a task that is solved.
    """
    guessed = right > 0 and bool(abs(np.log(right) + loss) <= np.log(LUCK))
    return guessed and end(run[VAL_LOSS]) >= TRAINED * start(run[VAL_LOSS])


def _of_two(ends: list[float], right: float) -> bool:
    """Whether the losses are those of one answer for all that is right as often, between two classes: nothing else that is costs as much, with honest probabilities."""
    train, val = ends
    return _at(train, honest(right, 2), TRAINED) and _at(val, honest(right, 2), NEAR)


def _at(loss: float, answer: float, near: float) -> bool:
    """What ends far above may yet come down."""
    return near * answer <= loss <= answer / near


def _constant(run: Run, uniform: float) -> float | None:
    """What a constant answer by frequency costs, of ``run``'s validation; None where the accuracies are not those of constant answers.

    Each accuracy of a constant answer is the share of one class, so different ones sum to 1 at most; those of a network that learns soon sum to more.
    """
    seen = run.get(VAL_ACCURACY)
    right = seen.finite().values[1:] if seen is not None else np.empty(0)
    if len(right) < LEAST or not run.classes or uniform > np.log(run.classes) + 1e-9:
        return None
    p = float(right[-1])
    if np.unique(right).sum() > 1 + ROUNDED or not 0 < p <= MOST:
        return None
    return honest(p, run.classes)


def honest(right: float, classes: int) -> float:
    """The highest cross-entropy of honest probabilities that are right in a share ``right`` of the cases: H(p) + (1 − p) ln(C − 1), Fano's inequality."""
    p = np.clip(right, 1e-12, 1 - 1e-12)
    return float(-p * np.log(p) - (1 - p) * np.log(1 - p) + (1 - p) * np.log(classes - 1))
