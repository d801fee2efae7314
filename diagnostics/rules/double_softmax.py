"""The answers are right and the cross-entropy stays high, where a softmax of a softmax ends.

What it means
    The network ends in a softmax and the loss applies another one. Probabilities between 0 and 1 are then taken for scores, so that even a perfect answer costs
    ln(1 + (C − 1) / e).

Why it matters
    Gradients are smaller by far, training is slow and the loss cannot be read. One line mends it.

Criterion
    Among LEAST_CLASSES classes or more: training began within NEAR of a guess' ln C, no loss was ever below ln(1 + (C − 1) / e) or above ln(e + C − 1), and the accuracy is above
    SURE though the loss is more than BEYOND times the highest that honest probabilities of that accuracy have, H(p) + (1 − p) ln(C − 1), and less than SURE_OF_IT
    times what answers as often right cost through two softmaxes when the network is sure of each: one that is not sure yet has as high a loss.

Source
    ``torch.nn.CrossEntropyLoss`` expects "the unnormalized logits for each class". The bounds: a softmax of one 1 and C − 1 zeros, right and wrong; Fano's inequality.

Known limits
    Heavy label smoothing ends high as well; where the settings name it, nothing is said.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.accuracy import accuracy
from diagnostics.stats.alike import honest
from diagnostics.stats.guess import guess, unknown
from diagnostics.stats.level import before_training, end

LEAST_CLASSES = 3  # with two, a little label smoothing ends there
NEAR = 0.1  # of ln C: small weights begin within a few per cent of it, and a softmax of theirs nearer yet
SURE = 0.5  # fraction right: below that, honest probabilities cost as much
BEYOND = 1.5  # times: with a softmax too many, 1.65 and more from nine right of ten on; honest probabilities are at 1 at most
SURE_OF_IT = 1.05  # times what a network costs through two softmaxes that is sure of every answer
PAIRS = ((VAL_LOSS, VAL_ACCURACY), (TRAIN_LOSS, TRAIN_ACCURACY))


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    blind, classes = guess(run), run.classes or 0
    if (
        blind is None
        or classes < LEAST_CLASSES
        or abs(blind - np.log(classes)) > 1e-9
        or run.setting("label_smoothing")
    ):
        return
    floor, ceiling = np.log(1 + (classes - 1) / np.e), np.log(np.e + classes - 1)
    losses = [run[tag].finite() for tag in (TRAIN_LOSS, VAL_LOSS) if tag in run and len(run[tag].finite())]
    pair = next(
        ((loss, right) for loss, tag in PAIRS if loss in run and (right := accuracy(run, tag)) is not None), None
    )
    outside = any(loss.values.min() < floor or loss.values.max() > ceiling for loss in losses)
    if pair is None or outside or abs(before_training(run) - blind) > NEAR * blind:
        return
    tag, right = pair
    last, most = end(run[tag]), BEYOND * honest(right, classes)
    sure_of_it = SURE_OF_IT * (floor + (1 - right) * (ceiling - floor))  # higher, it is merely not sure yet
    if right > SURE and most < last < sure_of_it:
        yield _found(run, tag, right, last, most)


def _found(run: Run, tag: str, right: float, last: float, most: float) -> Finding:
    steps = run[tag].finite().steps
    said = f"{right:.0%} of the answers are right, and the loss is still {last:.3g}: it is likely to be given probabilities in place of scores."
    evidence = Evidence(tag, int(steps[len(steps) // 2]), int(steps[-1]), "loss at the end", last, most)
    because = "cross-entropy applies the softmax itself, and twice keeps the loss up and the gradients small"
    remedy = Remedy(
        "Take the softmax out of the network: give the loss the scores before it.", "softmax", because, value="none"
    )
    return Finding("double_softmax", "warning", said, (evidence,), (remedy,))


def _learning(last: float, right: float = 0.95, classes: int = 10, loss: str = "cross_entropy") -> Run:
    accuracies = synthetic.falling(0.1, right, pace=20)
    losses = synthetic.falling(2.303, last, pace=20)
    return synthetic.make(
        synthetic.noisy(losses, 0.01),
        losses,
        train_accuracy=accuracies,
        val_accuracy=accuracies,
        classes=classes,
        loss=loss,
    )


RULE = Rule(
    "double_softmax",
    "Softmax applied twice",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    cannot=unknown,
    fires={
        "95 % right at a loss of 1.56": lambda: _learning(1.56),
        "four in five right": lambda: _learning(1.66, right=0.8),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "95 % right at a loss of 0.2": lambda: _learning(0.2),
        "half right at a loss of 1.6": lambda: _learning(1.6, right=0.45),
        "label smoothing": lambda: synthetic.with_config(_learning(1.56), label_smoothing=0.3),
        "thrown up once": lambda: synthetic.with_curves(
            _learning(1.56), Curve(VAL_LOSS, np.array([1, 500, 1000]), np.array([2.3, 4.0, 1.56]))
        ),
        "two classes": lambda: _learning(0.69, classes=2),
        "a regression": lambda: _learning(1.56, loss="mse"),
    },
)
